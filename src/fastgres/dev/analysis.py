"""PostgreSQL's plan of a read, for the values of the first row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import ProgrammingError

from fastgres.db import include_deleted, only_living
from fastgres.errors import ConfigurationError, FastgresError
from fastgres.reads import session_beside

if TYPE_CHECKING:
    from fastgres.dev.workplace import Workplace
    from fastgres.reads import Explanation, Source


@dataclass(frozen=True, slots=True)
class Analysis:
    """The plan with its times, and the values it was made for.

    ```python
    from fastgres.dev import Analysis

    assert Analysis("Limit  (cost=...)", {"size": 50}, of_first_row={}).values == {"size": 50}
    ```
    """

    plan: str
    values: Mapping[str, Any]
    of_first_row: Mapping[str, Any]


async def analyze_read(workplace: Workplace, url: str, told: Explanation) -> Analysis:
    """Run a read on the database at `url`, in a transaction that may only read.

    Keys and scopes that only a request knows are those of the first row. Raises
    `ConfigurationError` when there is none, and for a loaded read; `FastgresError` for a database
    that does not fit the models.

    ```python
    from fastgres.dev import Workplace, analyze_read
    from fastgres.reads import Reads
    from shop.models import Order
    from shop.schemas.order import OrderRead

    async def show(workplace: Workplace, url: str) -> None:
        told = Reads(Order, OrderRead).explain(limit=50)
        print((await analyze_read(workplace, url, told)).plan)

    assert callable(show)
    ```
    """
    database = workplace.database(url)
    try:
        values = await first_values(database.engine, told)
        plan = await told.analyze(database.engine, **values)
    except ProgrammingError as error:
        raise FastgresError(
            f"PostgreSQL refused the statement: {error.orig}. Does the schema fit the models? "
            "`fastgres db check` tells, `fastgres db upgrade` brings it to head."
        ) from error
    finally:
        await database.close()
    return Analysis(plan, {**told.values, **values}, values)


async def first_values(source: Source, told: Explanation) -> dict[str, Any]:
    """Return the values that only a request knows, as the first row has them."""
    names = [name for name, value in told.values.items() if value is None]
    if not names or told.sql is None:
        return {}
    mapped = told.plan.root.cls
    columns = [getattr(mapped, name.partition("_")[2]) for name in names]
    statement = select(*columns).order_by(*inspect(mapped).primary_key).limit(1)
    visible = include_deleted if told.plan.include_deleted else only_living
    async with session_beside(source) as session:
        row = (await session.execute(visible(statement))).first()
    if row is None:
        raise ConfigurationError(
            f"{mapped.__name__} has no row whose {columns[0].key} could be read by. Fill the "
            "database first; `fastgres db seed` has sample data, where the project names some."
        )
    return dict(zip(names, row, strict=True))
