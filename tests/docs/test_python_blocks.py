"""Every Python block in the pages and docstrings runs as it stands."""

from __future__ import annotations

import ast
import gc
import inspect
import re
import sys
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from fastgres.db import Base, Database, Session
from fastgres.settings import Settings
from tests.docs.blocks import ROOT, Block, docstring_examples, page_examples

NOT_RUN: dict[str, str] = {}
"""Pages and docstrings whose blocks are not run, each with its reason. Empty at a release."""

PRESET = {"settings", "session", "database", "client"}
BLOCKS = [
    block
    for example in (*page_examples(), *docstring_examples())
    if example.name not in NOT_RUN
    for block in example.only("python").blocks
]


def uses_the_shop(block: Block) -> bool:
    """Tell whether a block speaks of a name that is preset, so that a database is needed."""
    return any(
        isinstance(node, ast.Name) and node.id in PRESET for node in ast.walk(ast.parse(block.text))
    )


def name_of(block: Block) -> str:
    """Name a block in test reports."""
    return f"{block.path.relative_to(ROOT)}:{block.line}"


async def run(block: Block, preset: dict[str, Any]) -> None:
    """Run a block in a module of its own, with `await` allowed at the top."""
    module = types.ModuleType(re.sub(r"\W", "_", name_of(block)))
    vars(module).update(preset)
    sys.modules[module.__name__] = module
    try:
        source = "\n" * (block.line - 1) + block.text
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(source, str(block.path), "exec", flags, dont_inherit=True)
        result = eval(code, vars(module))
        if inspect.iscoroutine(result):
            await result
    finally:
        del sys.modules[module.__name__]
        vars(module).clear()


@asynccontextmanager
async def without_traces(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Stand in the shop's folder, and forget the tables that the block declared."""
    monkeypatch.chdir(ROOT / "examples" / "shop")
    before = set(Base.metadata.tables)
    yield
    declared = [table for name, table in Base.metadata.tables.items() if name not in before]
    for table in declared:
        Base.metadata.remove(table)
    if declared:
        gc.collect()


@pytest.mark.parametrize("block", [b for b in BLOCKS if not uses_the_shop(b)], ids=name_of)
async def test_block_runs(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown works, with nothing but what is shown."""
    async with without_traces(monkeypatch):
        await run(block, {})


@pytest.mark.parametrize("block", [b for b in BLOCKS if uses_the_shop(b)], ids=name_of)
async def test_block_on_the_shop_runs(
    block: Block,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    database: Database,
    session: Session,
    client: httpx.AsyncClient,
) -> None:
    """What is shown works on the shop: its settings, database, session and client are at hand."""
    async with without_traces(monkeypatch):
        preset = {"settings": settings, "database": database, "session": session, "client": client}
        await run(block, preset)


def test_pages_left_out_exist() -> None:
    """The list of what is not run holds no page that is gone."""
    known = {example.name for example in (*page_examples(), *docstring_examples())}
    assert set(NOT_RUN) <= known
