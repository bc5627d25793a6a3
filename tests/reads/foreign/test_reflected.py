"""Classes that nobody wrote: tables read from the server, as `automap` and its like map them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, create_model
from sqlalchemy import ARRAY, Column, MetaData, Table
from sqlalchemy.dialects.postgresql import BYTEA, DOMAIN, ENUM, TSVECTOR
from sqlalchemy.ext.automap import automap_base

from tests.reads.foreign.comparing import compare
from tests.reads.foreign.roots import Root

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

TEXTS = (ENUM, TSVECTOR)
ONLY_PYTHON = (BYTEA, TSVECTOR)


def python_type(column: Column[Any]) -> Any:
    """Return what a model generated from the table would declare."""
    kind: Any = column.type
    if isinstance(kind, DOMAIN):
        kind = kind.data_type
    if isinstance(kind, ARRAY):
        found: Any = list[kind.item_type.python_type]
    else:
        found = str if isinstance(kind, TEXTS) else kind.python_type
    return found | None if column.nullable else found


def model_of(table: Table) -> type[BaseModel]:
    """Return a model with all columns."""
    fields: dict[str, Any] = {column.key: (python_type(column), ...) for column in table.columns}
    return create_model(f"{table.name.title()}Read", **fields)


@pytest.mark.xdist_group("foreign")
@pytest.mark.asyncio(loop_scope="session")
async def test_every_row_of_every_table(pagila: AsyncEngine) -> None:
    """Types as the server names them are read as those that people declare."""
    metadata = MetaData()
    async with pagila.connect() as connection:
        await connection.run_sync(metadata.reflect)
    base = automap_base(metadata=metadata)
    base.prepare()
    read = {}
    for cls in base.classes:
        table: Table = cls.__table__
        loaded = any(isinstance(column.type, ONLY_PYTHON) for column in table.columns)
        root = Root(entity=cls, model=model_of(table), kind="loaded" if loaded else "compiled")
        read[table.name] = await compare(pagila, root)
    assert read["film"] == 600
    assert len(read) >= 13
