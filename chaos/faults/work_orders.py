"""What is asked of the workers, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from chaos import checker, sql
from chaos.faults.receipts import jobs_left
from chaos.service.work import KINDS
from fastgres.jobs import enqueue_many

if TYPE_CHECKING:
    from chaos.shop import Shop
    from chaos.stage import Tally

_PATIENCE: Final = 90.0


class WorkOrders:
    """Enqueue numbered jobs, each batch in one transaction with its record, beside every fault."""

    def __init__(self, shop: Shop) -> None:
        self._url = shop.postgres.cluster.url(shop.name).replace("://", "+asyncpg://")
        self.given = 0

    async def give(self, numbers: Mapping[str, int], *, delay: float = 0.0) -> None:
        """Enqueue so many jobs of each kind, to run after so many seconds."""
        engine = create_async_engine(self._url)
        try:
            async with AsyncSession(engine) as session, session.begin():
                for kind, number in numbers.items():
                    await self._give(session, kind, number, delay=delay)
        finally:
            await engine.dispose()

    async def _give(self, session: AsyncSession, kind: str, number: int, *, delay: float) -> None:
        chosen = list(range(self.given, self.given + number))
        self.given += number
        record = {"kind": kind, "numbers": chosen, "delay": delay}
        await session.execute(text(sql.GIVE), record)
        when = timedelta(seconds=delay) if delay else None
        await enqueue_many(session, [KINDS[kind].call(number=each) for each in chosen], when=when)


async def finish(shop: Shop, tally: Tally) -> list[str]:
    """Wait until no job is left, then compare what was asked for with what happened."""
    patience = 15.0 if shop.stage.planted else _PATIENCE
    left = await jobs_left(shop, patience=patience)
    work = await shop.query(sql.WORK)
    dead = [row["number"] for row in await shop.query(sql.DEAD)]
    again = sum(len(row["effects"] or []) > 1 for row in work)
    tally.note(f"{len(work)} jobs, {again} of those outside a transaction happened again")
    wrong = [f"{left} jobs are left after {patience:g} s"] if left else []
    return wrong + checker.check_work(work, dead)
