"""What the benchmark of queues asks the database."""

from __future__ import annotations

from typing import Final

# The number of the last job that was enqueued.
LAST_NUMBER: Final = "SELECT last_value FROM {sequence}"

# Anything that gives a transaction a snapshot, which holds vacuum back for as long as it is open.
LOOK: Final = "SELECT count(*) FROM effects"
