"""Which planted bug each fault has to catch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaos.stage import Fault


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug under a fault."""

    bug: str
    fault: Fault


def of(faults: Sequence[Fault], only: Sequence[str]) -> Iterator[Plant]:
    """Yield every bug of these faults, or those of `only`."""
    for fault in faults:
        for bug in fault.planted:
            if not only or bug in only:
                yield Plant(bug, fault)
