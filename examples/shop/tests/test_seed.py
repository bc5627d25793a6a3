"""The sample data."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from fastgres.db import Database, Session
from shop.models import Customer, Order, OrderItem, OrderStatus, Product
from shop.seed import seed
from tests.conftest import Store
from tests.factories import CustomerFactory


class Reports(list[tuple[str, int, int]]):
    """Keep what a seed reports."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Keep one report."""
        self.append((stage, done, total))


async def test_a_shop_that_has_rows_is_left_alone(
    database: Database, session: Session, store: Store
) -> None:
    """One customer is enough, even one that was deleted since."""
    await store(CustomerFactory.build(deleted_at=datetime.now(UTC)))
    reports = Reports()

    await seed(database, reports)

    assert reports == []
    assert await session.scalar(select(func.count()).select_from(Product)) == 0


@pytest.mark.clone
async def test_a_seed_that_is_broken_off_leaves_nothing(database: Database) -> None:
    """So that the next one begins afresh."""

    def break_off(stage: str, _done: int, _total: int) -> None:
        if stage == "orders":
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await seed(database, break_off)

    async with database.session() as session:
        for model in (Customer, Product, Order):
            assert await session.scalar(select(func.count()).select_from(model)) == 0


@pytest.mark.clone
async def test_fills_a_shop(database: Database) -> None:
    """Two at once make one year of business: the promised numbers, and no contradiction."""
    first, second = Reports(), Reports()

    await asyncio.gather(seed(database, first), seed(database, second))

    reports = first or second
    assert (reports == first) != (reports == second)
    assert reports[-1] == ("orders", 100_000, 100_000)
    assert len(reports) == 22
    async with database.session() as session:
        await _check_counts(session)
        await _check_orders(session)
        await _check_keys(session)


async def _check_counts(session: Session) -> None:
    for model, number in (
        (Customer, 1000),
        (Product, 2000),
        (Order, 100_000),
        (OrderItem, 300_000),
    ):
        assert await session.scalar(select(func.count()).select_from(model)) == number
    statuses = select(Order.status, func.count().label("number")).group_by(Order.status)
    found = {row.status: row.number for row in await session.execute(statuses)}
    assert set(found) == set(OrderStatus) - {OrderStatus.PAYING}
    assert min(found.values()) > 1000
    assert await session.scalar(select(func.min(Product.stock))) == 0
    times = await session.execute(select(func.min(Order.created_at), func.max(Order.created_at)))
    first, last = times.one()
    assert 360 < (last - first).days < 367


async def _check_orders(session: Session) -> None:
    """Totals are the sum of the lines, and their positions have no gaps."""
    lines = (
        select(
            OrderItem.order_id,
            func.sum(OrderItem.unit_price * OrderItem.quantity).label("total"),
            func.max(OrderItem.position).label("last"),
            func.count().label("lines"),
        )
        .group_by(OrderItem.order_id)
        .subquery()
    )
    wrong = (
        select(func.count())
        .select_from(Order)
        .outerjoin(lines, lines.c.order_id == Order.id)
        .where(
            (Order.total != lines.c.total)
            | (lines.c.last != lines.c.lines - 1)
            | lines.c.lines.is_(None)
        )
    )
    assert await session.scalar(wrong) == 0


async def _check_keys(session: Session) -> None:
    """Keys are UUIDs of version 7 that rise with the time of the order."""
    order = (await session.scalars(select(Order).order_by(Order.id).limit(1))).one()
    assert order.id.version == 7
    assert order.id.variant == "specified in RFC 4122"
    assert order.id.int >> 80 == int(order.created_at.timestamp() * 1000)
    left = await session.scalar(text("SELECT to_regproc('pg_temp.uuid7')"))
    assert left is None
