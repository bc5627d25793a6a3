"""The template is made once, for exactly the schema that the code has."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.errors import FastgresError
from fastgres.testing.server import provisioning
from fastgres.testing.template import (
    RealMigrations,
    ensure_template,
    fingerprint,
    folder_parts,
    recipe_digest,
)
from tests.testing.test_provisioner import exists

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from fastgres.settings import Project
    from fastgres.testing.provisioner import Provisioner


class Recipe:
    """Makes one table and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    async def __call__(self, url: str) -> None:
        """Take a moment, so that others come in between."""
        self.made += 1
        engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE proof (id int)"))
        await asyncio.sleep(0.2)
        await engine.dispose()


async def test_of_several_runs_at_once_one_makes_the_template(
    postgres_server: str, alone: Project, server: AsyncConnection
) -> None:
    """The workers of xdist, two terminals, two checkouts."""
    recipe = Recipe()
    async with AsyncExitStack() as stack:
        runs = [
            await stack.enter_async_context(provisioning(postgres_server, alone)) for _ in range(4)
        ]
        names = await asyncio.gather(*(ensure_template(run, recipe, "d1") for run in runs))
    assert recipe.made == 1
    assert len(set(names)) == 1
    await server.execute(text(f"DROP DATABASE {names[0]}"))


async def test_the_next_run_finds_it_made(
    postgres_server: str, alone: Project, server: AsyncConnection
) -> None:
    """Only the first run after a change pays."""
    recipe = Recipe()
    name = ""
    for _ in range(2):
        async with provisioning(postgres_server, alone) as run:
            name = await ensure_template(run, recipe, "d1")
            copy = await run.clone(name)
            engine = create_async_engine(
                make_url(run.url_of(copy)).set(drivername="postgresql+asyncpg")
            )
            async with engine.connect() as connection:
                await connection.execute(text("SELECT * FROM proof"))
            await engine.dispose()
            await run.drop(copy)
    assert recipe.made == 1
    await server.execute(text(f"DROP DATABASE {name}"))


async def test_a_changed_schema_has_its_own_template_and_the_old_one_goes(
    postgres_server: str, alone: Project, server: AsyncConnection
) -> None:
    """Not before the runs that use it have ended."""
    async with provisioning(postgres_server, alone) as before:
        old = await ensure_template(before, Recipe(), "d1")
        async with provisioning(postgres_server, alone) as during:
            new = await ensure_template(during, Recipe(), "d2")
        assert await exists(server, old)
    async with provisioning(postgres_server, alone) as after:
        assert await ensure_template(after, Recipe(), "d2") == new
    assert not await exists(server, old)
    assert await exists(server, new)
    await server.execute(text(f"DROP DATABASE {new}"))


async def test_the_template_of_another_checkout_stays(
    postgres_server: str, alone: Project, tmp_path: Path, server: AsyncConnection
) -> None:
    """Two checkouts of one project, at different revisions, on one server."""
    other = replace(alone, root=tmp_path / "elsewhere" / alone.root.name)
    async with provisioning(postgres_server, other) as there:
        theirs = await ensure_template(there, Recipe(), "d1")
    async with provisioning(postgres_server, alone) as here:
        ours = await ensure_template(here, Recipe(), "d2")
    assert await exists(server, theirs)
    for name in (theirs, ours):
        await server.execute(text(f"DROP DATABASE {name}"))


async def test_a_failure_leaves_no_half_made_template(
    provisioner: Provisioner, server: AsyncConnection
) -> None:
    """The next run begins anew, and the error says what was being done."""

    async def fail(url: str) -> None:
        raise FastgresError("no such table")

    with pytest.raises(FastgresError) as raised:
        await ensure_template(provisioner, fail, "d1")
    assert "template database" in raised.value.__notes__[0]
    found = await server.execute(
        text("SELECT count(*) FROM pg_database WHERE starts_with(datname::text, :prefix)"),
        {"prefix": provisioner.prefix},
    )
    assert found.scalar() == 0


def test_real_migrations_are_told_apart_by_their_files(alone: Project) -> None:
    """Every file counts but those that Python compiled."""
    folder = alone.migrations
    (folder / "versions" / "__pycache__").mkdir(parents=True)
    first = recipe_digest(RealMigrations(alone), alone)
    (folder / "versions" / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    assert recipe_digest(RealMigrations(alone), alone) == first
    (folder / "versions" / "a.py").write_text("a")
    second = recipe_digest(RealMigrations(alone), alone)
    (folder / "versions" / "a.py").rename(folder / "versions" / "b.py")
    assert len({first, second, recipe_digest(RealMigrations(alone), alone)}) == 3


def test_parts_do_not_run_into_each_other() -> None:
    """A file that grows by what another loses is a change."""
    assert fingerprint([b"ab", b"c"]) != fingerprint([b"a", b"bc"])


def test_a_folder_that_is_not_there_has_no_parts(tmp_path: Path) -> None:
    """The migrator says better what is missing."""
    assert list(folder_parts(tmp_path / "nowhere")) == []
