"""No committed order without its letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos import checker, sql
from chaos.waiting import until

if TYPE_CHECKING:
    from chaos.shop import Shop
    from chaos.stage import Tally

_PATIENCE: Final = 60.0


async def check_receipts(shop: Shop, tally: Tally) -> list[str]:
    """Wait until no job is left, then look for the letter of every order.

    Not with a planted bug: it has to be noticed by what it breaks.
    """
    if shop.stage.planted:
        return []
    if not shop.workers:
        shop.add_worker()
    left = await jobs_left(shop, patience=_PATIENCE)
    orders = await shop.query(sql.ORDERS)
    tally.note(f"{sum(shop.letters.ids.values())} letters, {shop.letters.copies} of them copies")
    wrong = [f"{left} jobs are left after {_PATIENCE:g} s"] if left else []
    return wrong + checker.check_receipts(orders, shop.letters.orders)


async def jobs_left(shop: Shop, *, patience: float) -> int:
    """Wait until every job has come to an end; return how many have not in so many seconds."""

    async def none() -> bool:
        await shop.query(sql.HURRY)
        return await waiting() == 0

    async def waiting() -> int:
        return int((await shop.query(sql.WAITING))[0][0])

    return 0 if await until(none, patience=patience) else await waiting()
