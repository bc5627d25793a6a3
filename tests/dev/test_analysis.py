"""PostgreSQL's plan of a read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fastgres.dev import Workplace, analyze_read, find_reads
from fastgres.errors import ConfigurationError, FastgresError
from tests.dev import bookshop
from tests.reads.shelf import stock

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.reads import Explanation
    from fastgres.settings import Project, Settings


@pytest.fixture
def told(settings: Settings) -> Explanation:
    """The read of one book, in a scope."""
    found, _ = find_reads(bookshop.make(settings), "/declared/{book_id}")
    return found.reads[0].told


@pytest.mark.clone
async def test_keys_and_scopes_are_those_of_the_first_row(
    database: Database, told: Explanation, project: Project, settings: Settings
) -> None:
    """Of those that are visible."""
    async with database.session() as session, session.begin():
        deleted, first, _ = await stock(session)
        deleted.deleted_at = deleted.created_at
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    analysis = await analyze_read(Workplace(project, settings), url, told)
    assert analysis.of_first_row == {"key_id": first.id, "scope_author_id": first.author_id}
    assert analysis.values == analysis.of_first_row
    assert "actual time" in analysis.plan
    assert str(first.id) in analysis.plan


@pytest.mark.clone
async def test_an_empty_table_has_no_first_row(
    told: Explanation, project: Project, settings: Settings
) -> None:
    """It says how to fill it."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    with pytest.raises(ConfigurationError, match=r"Book has no row .*fastgres db seed"):
        await analyze_read(Workplace(project, settings), url, told)


async def test_a_database_without_the_tables_is_told(
    told: Explanation, project: Project, settings: Settings, empty_database: str
) -> None:
    """Instead of a traceback."""
    with pytest.raises(FastgresError, match=r"books.*does not exist.*fastgres db upgrade"):
        await analyze_read(Workplace(project, settings), empty_database, told)
