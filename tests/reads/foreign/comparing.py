"""Compares what a read answers with what Pydantic writes, byte for byte, and says where not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.reads import Reads
from tests.reads.foreign.roots import batches

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.reads.foreign.roots import Root

SHOWN = 60


def difference(answered: bytes, expected: bytes, *, exact: bool = True) -> str:
    """Say where two bodies part, or nothing; floats may be spelled in two ways if not `exact`."""
    if answered == expected or (not exact and same_values(answered, expected)):
        return ""
    pairs = enumerate(zip(answered, expected, strict=False))
    at = next((index for index, (left, right) in pairs if left != right), None)
    start = max(0, (min(len(answered), len(expected)) if at is None else at) - SHOWN)
    end = start + 2 * SHOWN
    return f"at byte {at}: answered {answered[start:end]!r}, expected {expected[start:end]!r}"


def same_values(answered: bytes, expected: bytes) -> bool:
    """Compare as JSON, numbers by value and fields in their order."""

    def read(body: bytes) -> Any:
        return json.loads(body, object_pairs_hook=lambda pairs: ("object", pairs))

    return bool(read(answered) == read(expected))


async def compare(engine: AsyncEngine, root: Root) -> int:
    """Compare all rows of a root, in lists outside of a transaction; return their number."""
    reads = Reads(root.entity, root.model)
    kind, reasons = reads.plan.kind, reads.plan.reasons
    assert root.kind in {None, kind}, reasons
    rows = 0
    async with AsyncSession(engine) as session:
        async for batch in batches(session, root):
            response = await reads.list(engine, *batch.where, order_by=root.key, limit=root.batch)
            expected = b"[" + b",".join(batch.expected) + b"]"
            assert difference(bytes(response.body), expected, exact=root.exact) == ""
            rows += len(batch.expected)
        assert rows == await session.scalar(select(func.count()).select_from(root.entity))
    return rows


async def compare_some(engine: AsyncEngine, root: Root, most: int, *, loaded: bool = False) -> None:
    """Compare the first rows of a root; `loaded` ones by the options that the plan works out."""
    reads = Reads(root.entity, root.model, force_loaded=loaded)
    async with AsyncSession(engine) as session:
        batch = await anext(batches(session, replace(root, batch=most)))
    response = await reads.list(engine, order_by=root.key, limit=most)
    expected = b"[" + b",".join(batch.expected) + b"]"
    assert difference(bytes(response.body), expected, exact=root.exact) == ""


async def compare_single(engine: AsyncEngine, root: Root) -> None:
    """Compare a few rows of a root one by one, in the transaction of the session."""
    reads = Reads(root.entity, root.model)
    async with AsyncSession(engine) as session:
        batch = await anext(batches(session, replace(root, batch=2)))
        for row, expected in zip(batch.rows, batch.expected, strict=True):
            where = root.is_row(row)
            one = await reads.one(session, *where)
            first = await reads.first(session, *where)
            for response in (one, first):
                assert difference(bytes(response.body), expected, exact=root.exact) == ""
