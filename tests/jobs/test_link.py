"""A worker's own connection: lost and opened again, and never waited for without end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fastgres.errors import OutOfRangeError, ServerUnavailableError
from fastgres.jobs.link import OwnLink, SharedLink, link_to
from tests.jobs.workshop import value

if TYPE_CHECKING:
    from fastgres.db import Database

PID = "SELECT pg_backend_pid()"


async def pid(link: OwnLink) -> int:
    """Return the server process of a link."""
    found: int = (await link.fetch(PID))[0][0]
    return found


@pytest.mark.clone
async def test_connection_that_was_killed_is_replaced(database: Database) -> None:
    link = OwnLink(database)
    first = await pid(link)
    await value(database, "SELECT pg_terminate_backend(:pid, 5000)", pid=first)
    try:
        assert await pid(link) != first
    except ServerUnavailableError:
        assert await pid(link) != first
    link.close()


@pytest.mark.clone
async def test_statement_that_takes_too_long_is_given_up_with_its_connection(
    database: Database,
) -> None:
    link = OwnLink(database, deadline=0.2)
    first = await pid(link)
    with pytest.raises(ServerUnavailableError):
        await link.fetch("SELECT pg_sleep(30)")
    assert await pid(link) != first
    link.close()


@pytest.mark.clone
async def test_cancelled_statement_leaves_no_half_used_connection(database: Database) -> None:
    link = OwnLink(database)
    first = await pid(link)
    sleeping = asyncio.create_task(link.fetch("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.05)
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)
    assert await pid(link) != first
    link.close()


@pytest.mark.clone
async def test_refused_statement_keeps_its_connection(database: Database) -> None:
    link = OwnLink(database)
    first = await pid(link)
    with pytest.raises(OutOfRangeError):
        await link.fetch("SELECT 40000::smallint")
    assert await pid(link) == first
    link.close()


async def test_rolled_back_test_shares_its_connection(database: Database) -> None:
    link = link_to(database)
    assert isinstance(link, SharedLink)
    assert [tuple(row) for row in await link.fetch("SELECT 1, 'a'")] == [(1, "a")]
    with pytest.raises(OutOfRangeError):
        await link.fetch("SELECT 40000::smallint")
    assert (await link.fetch("SELECT 2"))[0][0] == 2
