"""The property: a read writes what Pydantic writes of the objects that the ORM loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from fastapi.exceptions import ResponseValidationError
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.schema import CreateSchema, CreateTable
from starlette.responses import Response, StreamingResponse

from fastgres.errors import ConfigurationError
from fastgres.reads import ReadResponse, Reads
from tests.reads.equivalence.cases import Case
from tests.reads.equivalence.draft import Schema
from tests.reads.equivalence.laboratory import Laboratory, insert
from tests.reads.equivalence.oracle import Expected, expected, read_back
from tests.reads.equivalence.verdict import difference

REFUSALS = (ValidationError, PydanticSerializationError)


def check(laboratory: Laboratory, case: Case) -> None:
    """Fail when one way of reading the case answers otherwise than is right."""
    laboratory.run(_in_scratch(laboratory, case, []))


def check_invented(
    laboratory: Laboratory, case: Case, *, schema: str, tables: Sequence[sa.Table]
) -> None:
    """Make tables first, in a schema of their own; they are gone afterwards."""
    ddl = [CreateSchema(schema), *map(CreateTable, tables)]
    laboratory.run(_in_scratch(laboratory, case, ddl))


def check_outside(laboratory: Laboratory, case: Case) -> None:
    """Read committed rows from the engine: the way of a request that only reads."""
    laboratory.run(_from_the_pool(laboratory, case))


async def _from_the_pool(laboratory: Laboratory, case: Case) -> None:
    schema = case.schema
    reads: Any = Reads(schema.source, schema.model, **case.options)
    async with laboratory.committed(case.rows) as engine:
        async with engine.connect() as connection:
            right = await expected(connection, schema, **case.options)
        about = schema, reads.plan.kind
        async with AsyncSession(engine) as session:
            _same_body(await reads.list(session), right.body, about)
            assert not session.in_transaction()
        _same_body(await reads.list(engine), right.body, about)
        lines = await _sent(reads.stream(engine))
        _same_body(Response(b"[" + b",".join(lines.splitlines()) + b"]"), right.body, about)
        assert lines.count(b"\n") == len(right.bodies)
        _same_body(Response(await _sent(reads.stream(engine, format="json"))), right.body, about)


async def _sent(response: StreamingResponse) -> bytes:
    parts: list[Any] = [part async for part in response.body_iterator]
    return b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)


async def _in_scratch(laboratory: Laboratory, case: Case, ddl: list[Any]) -> None:
    async with laboratory.scratch() as connection:
        for statement in ddl:
            await connection.execute(statement)
        await insert(connection, case.rows)
        for name, value in case.session:
            await connection.execute(sa.select(sa.func.set_config(name, value, True)))
        await compare(connection, case)


async def compare(connection: AsyncConnection, case: Case) -> None:
    """Read all rows in every way, and compare."""
    schema = case.schema
    compiled: Any = Reads(schema.source, schema.model, **case.options)
    loaded: Any = Reads(schema.source, schema.model, **case.options, force_loaded=True)
    if schema.plain:
        assert compiled.plan.kind == "compiled", compiled.plan.reasons
    try:
        right = await expected(connection, schema, **case.options)
    except REFUSALS as refusal:
        for reads in (compiled, loaded):
            await _refuses(connection, reads, (schema, refusal))
        return
    for reads in (compiled, loaded):
        await _same_list(connection, reads, (schema, right))
    await _same_rows(connection, compiled, (schema, right))


async def _refuses(
    connection: AsyncConnection, reads: Any, wanted: tuple[Schema, Exception]
) -> None:
    """Expect an error where Pydantic refuses a row, unless by a constraint that is not checked."""
    schema, refusal = wanted
    try:
        response = await reads.list(connection)
    except (*REFUSALS, ResponseValidationError):
        return
    checked = reads.plan.kind == "loaded" or not schema.refusing
    assert not checked, f"{response.body!r} is answered where Pydantic refuses: {refusal}"


async def _same_list(
    connection: AsyncConnection, reads: Any, wanted: tuple[Schema, Expected]
) -> None:
    schema, right = wanted
    async with AsyncSession(connection, join_transaction_mode="create_savepoint") as session:
        response = await reads.list(session)
    _same_body(response, right.body, (schema, reads.plan.kind))
    _same_value(response, right.models, (schema, right.bodies))


async def _same_rows(
    connection: AsyncConnection, reads: Any, wanted: tuple[Schema, Expected]
) -> None:
    """Read the last row, and the first as the one with its key."""
    schema, right = wanted
    keys = [getattr(schema.source, _attribute(schema.source, key)) for key in _keys(schema.source)]
    last = await reads.first(connection, order_by=[key.desc() for key in keys])
    _same_body(last, right.bodies[-1] if right.bodies else b"null", (schema, reads.plan.kind))
    if right.bodies:
        statement = sa.select(*keys).order_by(*keys).limit(1)
        if not reads.plan.include_deleted and hasattr(schema.source, "deleted_at"):
            statement = statement.where(schema.source.deleted_at.is_(None))
        row = (await connection.execute(statement)).one()
        where = [key == value for key, value in zip(keys, row, strict=True)]
        one = await reads.one(connection, *where)
        _same_body(one, right.bodies[0], (schema, reads.plan.kind))
        _same_value(one, right.models[0], (schema, right.bodies[:1]))


def _keys(source: Any) -> Sequence[Any]:
    return tuple(sa.inspect(source).primary_key)


def _attribute(source: Any, column: Any) -> str:
    key: str = sa.inspect(source).get_property_by_column(column).key
    return key


def _same_body(response: Response, right: bytes, about: tuple[Schema, str]) -> None:
    schema, kind = about
    found = bytes(response.body)
    fault = difference(found, right, json_inside=schema.json, unordered=schema.unordered)
    assert fault is None, f"{kind}: {fault}\n  found {found!r}\n  right {right!r}"


def _same_value(response: ReadResponse[Any], right: Any, about: tuple[Schema, list[bytes]]) -> None:
    """Compare the typed objects, unless Pydantic itself cannot read them from its JSON."""
    schema, bodies = about
    if schema.unordered:
        return
    try:
        found = response.value()
    except ConfigurationError:
        assert not _readable(schema, bodies), "value() fails where Pydantic reads its own JSON"
        return
    if found != right and repr(found) != repr(right):
        assert not _readable(schema, bodies, right), f"value {found!r} instead of {right!r}"


def _readable(schema: Schema, bodies: list[bytes], right: Any = None) -> bool:
    """Tell whether Pydantic reads from its JSON what the JSON was written from."""
    try:
        again: Any = read_back(schema.model, bodies)
    except ValidationError:
        return False
    return right is None or again == (right if isinstance(right, list) else [right])
