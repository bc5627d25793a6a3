"""Only databases that are ours are dropped, and only when nobody needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.errors import IsolationError
from fastgres.testing.provisioner import Mark, family_prefix
from fastgres.testing.server import provisioning

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from fastgres.settings import Project
    from fastgres.testing.provisioner import Provisioner


async def exists(server: AsyncConnection, name: str) -> bool:
    """Return whether the server has a database of that name."""
    found = await server.execute(
        text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}
    )
    return found.scalar() is not None


async def test_a_clone_is_dropped_by_the_run_that_made_it(
    provisioner: Provisioner, server: AsyncConnection
) -> None:
    """It carries our prefix and our mark."""
    name = await provisioner.clone()
    assert name.startswith("fastgres_test_alone_")
    await provisioner.drop(name)
    assert not await exists(server, name)


@pytest.mark.parametrize("comment", [None, "customers of 2019", '{"fastgres": "no"}', "[]", "{}"])
async def test_a_database_without_our_mark_is_never_dropped(
    provisioner: Provisioner, server: AsyncConnection, comment: str | None
) -> None:
    """The name alone proves nothing."""
    name = f"{provisioner.prefix}precious"
    await server.execute(text(f"CREATE DATABASE {name}"))
    if comment is not None:
        await server.exec_driver_sql(f"COMMENT ON DATABASE {name} IS '{comment}'")
    try:
        with pytest.raises(IsolationError, match="Refusing to drop"):
            await provisioner.drop(name)
        assert await exists(server, name)
    finally:
        await server.execute(text(f"DROP DATABASE {name}"))


async def test_a_database_of_another_name_is_never_dropped(
    provisioner: Provisioner, server: AsyncConnection
) -> None:
    """Somebody may have renamed a clone to keep it."""
    clone = await provisioner.clone()
    kept = f"kept_{provisioner.run}"
    await server.execute(text(f"ALTER DATABASE {clone} RENAME TO {kept}"))
    try:
        with pytest.raises(IsolationError, match="Refusing to drop"):
            await provisioner.drop(kept)
    finally:
        await server.execute(text(f"DROP DATABASE {kept}"))


async def test_what_a_killed_run_left_is_swept_by_the_next(
    postgres_server: str, alone: Project, server: AsyncConnection
) -> None:
    """The lock of a run ends with its connection, however it ends."""
    async with provisioning(postgres_server, alone) as killed:
        left = await killed.clone()
    assert await exists(server, left)
    async with provisioning(postgres_server, alone):
        assert not await exists(server, left)


async def test_what_a_living_run_uses_is_not_swept(
    postgres_server: str, provisioner: Provisioner, alone: Project, server: AsyncConnection
) -> None:
    """Two runs of one project at once do not disturb each other."""
    used = await provisioner.clone()
    async with provisioning(postgres_server, alone):
        assert await exists(server, used)
    await provisioner.drop(used)


async def test_what_somebody_is_connected_to_is_not_swept(
    postgres_server: str, alone: Project, server: AsyncConnection
) -> None:
    """A server that a test started may outlive the run."""
    async with provisioning(postgres_server, alone) as killed:
        left = await killed.clone()
        url = make_url(killed.url_of(left)).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        async with provisioning(postgres_server, alone):
            assert await exists(server, left)
    await engine.dispose()
    async with provisioning(postgres_server, alone) as last:
        if await exists(server, left):
            await last.drop(left)


async def test_a_role_that_may_not_create_databases_is_told_what_to_grant(
    postgres_server: str, alone: Project, provisioner: Provisioner, server: AsyncConnection
) -> None:
    """The message can be pasted into psql."""
    role = f"poor_{provisioner.run}"
    await server.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'"))
    url = make_url(postgres_server).set(username=role, password="secret")
    try:
        with pytest.raises(IsolationError) as raised:
            async with provisioning(url.render_as_string(hide_password=False), alone):
                pass
        refused = "cannot be used" in str(raised.value)
        assert refused or f'ALTER ROLE "{role}" CREATEDB;' in str(raised.value)
        assert "secret" not in str(raised.value)
    finally:
        await server.execute(text(f"DROP ROLE {role}"))


async def test_a_server_that_is_not_there_is_named_without_its_password(alone: Project) -> None:
    """Nothing listens on the discard port."""
    with pytest.raises(IsolationError, match=r"127\.0\.0\.1:9") as raised:
        async with provisioning("postgresql://me:pa55word@127.0.0.1:9/postgres", alone):
            pass
    assert "pa55word" not in str(raised.value)


def test_a_mark_is_read_back_and_other_comments_are_not() -> None:
    """A comment is JSON that says `fastgres`."""
    mark = Mark("shop", "/srv/o'neill", "a1b2")
    assert Mark.read(mark.written()) == mark
    assert Mark.read("my database") is None
    assert Mark.read(None) is None


@pytest.mark.parametrize(
    ("project", "prefix"),
    [
        ("shop", "fastgres_test_shop_"),
        ("My Shop (2)", "fastgres_test_my_shop_2_"),
        ("店", "fastgres_test_project_"),
        ("a" * 50, f"fastgres_test_{'a' * 20}_"),
    ],
)
def test_the_prefix_is_a_plain_name_of_bounded_length(project: str, prefix: str) -> None:
    """PostgreSQL cuts names after 63 bytes."""
    assert family_prefix(project) == prefix
