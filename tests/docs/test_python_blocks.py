"""Every Python block in the pages and docstrings runs as it stands."""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import os
import re
import subprocess
import sys
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fastgres.db import Base
from tests.docs.blocks import ROOT, Block, docstring_examples, page_examples

NOT_RUN: dict[str, str] = {}
"""Pages and docstrings whose blocks are not run, each with its reason. Empty at a release."""

PRESET = ("settings", "database", "session", "client")
OF_ITS_OWN = ("session.independent()", '"isolation_level"')
BLOCKS = [
    block
    for example in (*page_examples(), *docstring_examples())
    if example.name not in NOT_RUN
    for block in example.only("python").blocks
]


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


def names_taken(block: Block) -> set[str]:
    """Return the mapped classes of a block whose names others have: relationships find by name."""
    mapped = {mapper.class_.__name__ for mapper in Base.registry.mappers}
    return mapped & {
        node.name
        for node in ast.walk(ast.parse(block.text))
        if isinstance(node, ast.ClassDef) and "__tablename__" in ast.unparse(node)
    }


@asynccontextmanager
async def without_traces(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Stand in the shop's folder, and forget the tables that the block declared."""
    monkeypatch.chdir(ROOT / "examples" / "shop")
    importlib.import_module("shop.models")  # else the first block to import it would lose it again
    before = set(Base.metadata.tables)
    yield
    declared = [table for name, table in Base.metadata.tables.items() if name not in before]
    for table in declared:
        Base.metadata.remove(table)
    if declared:
        gc.collect()


@pytest.fixture
def preset(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Those of the preset names that the block speaks of; making all of them would cost time."""
    block: Block = request.node.callspec.params["block"]
    spoken = {node.id for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Name)}
    return {name: request.getfixturevalue(name) for name in PRESET if name in spoken}


def with_database_of_its_own(block: Block) -> Any:
    """Give true commits and several connections to a block that is about them."""
    needs = any(word in block.text for word in OF_ITS_OWN)
    return pytest.param(block, marks=pytest.mark.clone) if needs else block


@pytest.mark.parametrize("block", [with_database_of_its_own(each) for each in BLOCKS], ids=name_of)
async def test_block_runs(
    block: Block, preset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown works, with nothing but what is shown and the preset names."""
    assert names_taken(block) == set(), "choose names that no other test or example declares"
    async with without_traces(monkeypatch):
        await run(block, preset)


def test_tests_that_pages_show_pass_in_a_project(tmp_path: Path, postgres_server: str) -> None:
    """Copied into a file; those that are awaited below themselves are run by the test above."""
    for block in BLOCKS:
        shown = block.path.suffix == ".md" and "\nasync def test_" in block.text
        if shown and "\nawait " not in block.text:
            name = f"test_{block.path.stem.replace('-', '_')}_{block.line}.py"
            (tmp_path / name).write_text(block.text)
    assert list(tmp_path.iterdir())
    shop = ROOT / "examples" / "shop"
    finished = subprocess.run(
        (
            *(sys.executable, "-m", "pytest", "-q", "-c", shop / "pyproject.toml"),
            *("--rootdir", shop, tmp_path),
        ),
        env=os.environ | {"DATABASE_URL": postgres_server},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout


def test_pages_left_out_exist() -> None:
    """The list of what is not run holds no page that is gone."""
    known = {example.name for example in (*page_examples(), *docstring_examples())}
    assert set(NOT_RUN) <= known
