"""Counting the rows of a list: not at all, one by one, or as the planner guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Select, func, literal
from sqlalchemy.ext.compiler import compiles

from fastgres.repository import sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.sql.compiler import SQLCompiler

    from fastgres.db import Session

Count = Literal["none", "exact", "estimated"]
"""How a page learns its total."""


class Explain(Select[Any]):
    """A SELECT that is planned instead of run; the filter of deleted rows applies as to any."""

    inherit_cache = True

    @classmethod
    def of(cls, statement: Select[Any]) -> Explain:
        """Return the statement, to be explained."""
        explained = cls.__new__(cls)
        vars(explained).update(vars(statement))
        return explained


@compiles(Explain)
def _explain(statement: Explain, compiler: SQLCompiler, **options: Any) -> str:
    visit: Callable[..., str] = compiler.visit_select
    return sql.EXPLAIN + visit(statement, **options)


async def count_rows(session: Session, statement: Select[Any], count: Count) -> int | None:
    """Return the number of rows that the statement selects, in the way asked for."""
    if count == "none":
        return None
    if count == "exact":
        return await count_exactly(session, statement)
    return await estimate(session, statement)


async def count_exactly(session: Session, statement: Select[Any]) -> int:
    """Return the number of rows that the statement selects, reading all of them."""
    counted = statement.with_only_columns(func.count(), maintain_column_froms=True)
    return (await session.scalars(counted)).one()


async def estimate(session: AsyncSession, statement: Select[Any]) -> int:
    """Return how many rows the planner expects the statement to select."""
    explained = Explain.of(statement.with_only_columns(literal(""), maintain_column_froms=True))
    plan = (await session.scalars(explained)).one()
    rows: int = plan[0]["Plan"]["Plan Rows"]
    return rows
