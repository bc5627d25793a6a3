"""Every Python block in the pages and docstrings runs as it stands."""

from __future__ import annotations

import ast
import gc
import inspect
import sys
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from fastgres.db import Base, Database, Session
from fastgres.settings import Settings
from tests.docs.blocks import ROOT, Example, docstring_examples, page_examples

NOT_RUN: dict[str, str] = {}
"""Pages and docstrings whose blocks are not run, each with its reason. Empty at a release."""

PRESET = {"settings", "session", "database", "client"}
EXAMPLES = [
    example
    for found in (*page_examples(), *docstring_examples())
    if (example := found.only("python")).blocks and example.name not in NOT_RUN
]


def uses_the_shop(example: Example) -> bool:
    """Tell whether a block speaks of a name that is preset, so that a database is needed."""
    return any(
        isinstance(node, ast.Name) and node.id in PRESET
        for block in example.blocks
        for node in ast.walk(ast.parse(block.text))
    )


def name_of(example: Example) -> str:
    """Name an example in test reports."""
    return example.name


async def run(example: Example, preset: dict[str, Any]) -> None:
    """Run the blocks in one module of their own, with `await` allowed at the top."""
    module = types.ModuleType(f"documented_{abs(hash(example.name))}")
    vars(module).update(preset)
    sys.modules[module.__name__] = module
    try:
        for block in example.blocks:
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
    """Stand in the shop's folder, and forget the tables that the example declared."""
    monkeypatch.chdir(ROOT / "examples" / "shop")
    before = set(Base.metadata.tables)
    yield
    declared = [table for name, table in Base.metadata.tables.items() if name not in before]
    for table in declared:
        Base.metadata.remove(table)
    if declared:
        gc.collect()


@pytest.mark.parametrize("example", [e for e in EXAMPLES if not uses_the_shop(e)], ids=name_of)
async def test_example_runs(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown works, with nothing but what is shown."""
    async with without_traces(monkeypatch):
        await run(example, {})


@pytest.mark.parametrize("example", [e for e in EXAMPLES if uses_the_shop(e)], ids=name_of)
async def test_example_on_the_shop_runs(
    example: Example,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    database: Database,
    session: Session,
    client: httpx.AsyncClient,
) -> None:
    """What is shown works on the shop: its settings, database, session and client are at hand."""
    async with without_traces(monkeypatch):
        preset = {"settings": settings, "database": database, "session": session, "client": client}
        await run(example, preset)


def test_examples_left_out_exist() -> None:
    """The list of what is not run holds no page that is gone."""
    known = {example.name for example in (*page_examples(), *docstring_examples())}
    assert set(NOT_RUN) <= known
