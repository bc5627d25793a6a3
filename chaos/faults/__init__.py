"""The faults, in the order in which they are made."""

from __future__ import annotations

from typing import Final

from chaos.faults import (
    broker,
    clock,
    commit,
    disk,
    payments,
    postgres,
    rolling,
    servers,
    twins,
    workers,
)
from chaos.stage import Fault

FAULTS: Final[tuple[Fault, ...]] = (
    *commit.FAULTS,
    twins.FAULT,
    servers.FAULT,
    *payments.FAULTS,
    *postgres.FAULTS,
    *workers.FAULTS,
    broker.FAULT,
    rolling.FAULT,
    disk.FAULT,
    clock.FAULT,
)
