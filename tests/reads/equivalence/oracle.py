"""What is right: plain SQLAlchemy loads objects, plain Pydantic reads and writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, TypeAdapter
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import selectinload, undefer, with_loader_criteria

from fastgres.db import SoftDelete
from tests.reads.equivalence.draft import Schema

_LIVING = with_loader_criteria(
    SoftDelete, lambda cls: cls.deleted_at.is_(None), include_aliases=True
)


@dataclass(frozen=True, slots=True)
class Expected:
    """The models of the rows, in the order of the primary key, and the bytes of each."""

    models: list[BaseModel]
    bodies: list[bytes]

    @property
    def body(self) -> bytes:
        """The bytes of the list."""
        return b"[" + b",".join(self.bodies) + b"]"


async def expected(
    connection: AsyncConnection, schema: Schema, *, include_deleted: bool, exclude_none: bool
) -> Expected:
    """Load all rows of the schema's class and write each as its model does.

    Raises what Pydantic raises when a row does not fit the model.
    """
    statement = sa.select(schema.source).order_by(*sa.inspect(schema.source).primary_key)
    statement = statement.options(*loading(schema))
    if not include_deleted:
        statement = statement.options(_LIVING)
    async with AsyncSession(connection, join_transaction_mode="create_savepoint") as session:
        rows = list(await session.scalars(statement))
        models = [schema.model.model_validate(row, from_attributes=True) for row in rows]
        bodies = [
            model.model_dump_json(by_alias=True, exclude_none=exclude_none).encode()
            for model in models
        ]
    return Expected(models, bodies)


def loading(schema: Schema) -> Iterator[Any]:
    """Return the loader options that somebody would write by hand for the schema."""
    mapper = sa.inspect(schema.source)
    for name in schema.attributes:
        if name in mapper.column_attrs and mapper.column_attrs[name].deferred:
            yield undefer(getattr(schema.source, name))
        proxy = mapper.all_orm_descriptors.get(name)
        if isinstance(proxy, AssociationProxy):
            yield selectinload(getattr(schema.source, proxy.target_collection))
        if name in mapper.relationships:
            yield selectinload(getattr(schema.source, name))
    for each in schema.nested:
        way = selectinload(getattr(schema.source, each.relationship))
        yield way.options(*loading(each.schema))


def read_back(model: type[BaseModel], bodies: list[bytes]) -> list[BaseModel]:
    """Return the models that the bytes stand for; raises when Pydantic cannot read its own."""
    adapter = TypeAdapter(list[model])  # type: ignore[valid-type]  # known when it runs
    return adapter.validate_json(b"[" + b",".join(bodies) + b"]")
