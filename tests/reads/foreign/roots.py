"""A class to read, the model to answer with, and how one loads it by hand for Pydantic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import inspect, select, tuple_

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pydantic import BaseModel
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.sql.base import ExecutableOption


@dataclass(frozen=True, kw_only=True)
class Root:
    """One read that the application offers, and what is known about it."""

    entity: type[Any]
    model: type[BaseModel]
    options: tuple[ExecutableOption, ...] = ()
    kind: Literal["compiled", "loaded"] | None = "compiled"
    exact: bool = True
    batch: int = 1_000

    @property
    def key(self) -> tuple[ColumnElement[Any], ...]:
        """The attributes that are the primary key."""
        mapper = inspect(self.entity)
        columns = mapper.primary_key
        names = [mapper.get_property_by_column(column).key for column in columns]
        return tuple(getattr(self.entity, name) for name in names)

    def after(self, last: Any) -> tuple[ColumnElement[bool], ...]:
        """Return what holds for the rows behind `last`; behind nothing are all."""
        if last is None:
            return ()
        values = inspect(self.entity).primary_key_from_instance(last)
        return (tuple_(*self.key) > tuple_(*values),)

    def is_row(self, row: Any) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that hold for one row only."""
        values = inspect(self.entity).primary_key_from_instance(row)
        return tuple(column == value for column, value in zip(self.key, values, strict=True))

    def written(self, row: Any) -> bytes:
        """Return what Pydantic writes for an object of the ORM."""
        read = self.model.model_validate(row, from_attributes=True)
        return read.model_dump_json(by_alias=True).encode()


@dataclass(frozen=True)
class Batch:
    """The rows of one list, in the order of the key, and the conditions that select them."""

    where: tuple[ColumnElement[bool], ...]
    rows: Sequence[Any]
    expected: list[bytes]


async def batches(session: AsyncSession, root: Root) -> AsyncIterator[Batch]:
    """Load all rows of a root by hand, and write them with Pydantic."""
    last = None
    while True:
        where = root.after(last)
        statement = select(root.entity).where(*where).order_by(*root.key).limit(root.batch)
        loaded = await session.scalars(statement.options(*root.options))
        rows = loaded.unique().all()
        if not rows:
            return
        yield Batch(where, rows, [root.written(row) for row in rows])
        last = rows[-1]
        session.expunge_all()
