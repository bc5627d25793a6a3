"""The faults, in the order in which they are made."""

from __future__ import annotations

from typing import Final

from chaos.faults import clock, commit, disk, postgres, rolling, servers, twins, workers
from chaos.stage import Fault

FAULTS: Final[tuple[Fault, ...]] = (
    *commit.FAULTS,
    twins.FAULT,
    servers.FAULT,
    *postgres.FAULTS,
    *workers.FAULTS,
    rolling.FAULT,
    disk.FAULT,
    clock.FAULT,
)
