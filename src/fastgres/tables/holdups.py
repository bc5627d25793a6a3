"""Who keeps PostgreSQL from removing dead rows, which a queue makes by the thousand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastgres.observability import get_logger
from fastgres.tables import sql

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

log = get_logger(__name__)

_FAR_BEHIND: Final = 100_000
"""Transactions that a standby may lag; it has no time that could be told."""


@dataclass(frozen=True, slots=True)
class Holdup:
    """One that holds back cleanup: what it is, whose, for how long, over how many transactions.

    `seconds` is None where PostgreSQL does not know: standbys, and slots before version 17.

    ```python
    from fastgres.tables import Holdup

    holdup = Holdup("idle in transaction", "process 4711 of shop, psql", 90.0, 12_000)
    assert str(holdup).startswith("idle in transaction (process 4711 of shop, psql) for 90 s")
    ```
    """

    kind: str
    name: str
    seconds: float | None
    transactions: int

    def __str__(self) -> str:
        """Return it as a sentence for people, with what to do."""
        lasting = "" if self.seconds is None else f" for {self.seconds:.0f} s"
        return (
            f"{self.kind} ({self.name}){lasting} holds back the removal of dead rows "
            f"of the last {self.transactions} transactions: {_REMEDIES[self.kind]}"
        )


_ENDING: Final = "end it, or its connection: SELECT pg_terminate_backend(<process>)"
_REMEDIES: Final = {
    "idle in transaction": _ENDING,
    "transaction": _ENDING,
    "prepared transaction": "COMMIT PREPARED or ROLLBACK PREPARED",
    "replication slot": "start its reader again, or drop it: SELECT pg_drop_replication_slot(...)",
    "standby": "end its long query, or set hot_standby_feedback = off there",
}


async def find_holdups(engine: AsyncEngine, *, seconds: float = 60.0) -> list[Holdup]:
    """Return what holds back the cleanup of this database for longer than that, longest first.

    Transactions of other roles are seen with the role `pg_monitor` only.

    ```python
    from fastgres.tables import find_holdups

    assert await find_holdups(database.engine) == []
    ```
    """
    limits = {"seconds": seconds, "transactions": _FAR_BEHIND}
    async with engine.connect() as connection:
        rows = await connection.execute(sql.HOLDUPS, limits)
        return [Holdup(*row) for row in rows]


async def warn_of_holdups(engine: AsyncEngine, *, seconds: float = 60.0) -> None:
    """Log a warning for each holdup; workers do so every minute.

    ```python
    from fastgres.tables import warn_of_holdups

    await warn_of_holdups(database.engine)
    ```
    """
    for holdup in await find_holdups(engine, seconds=seconds):
        log.warning(
            "cleanup held back",
            kind=holdup.kind,
            name=holdup.name,
            seconds=holdup.seconds and round(holdup.seconds),
            transactions=holdup.transactions,
            remedy=_REMEDIES[holdup.kind],
        )
