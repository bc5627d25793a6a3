"""What a read does, told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import BeforeValidator, computed_field
from sqlalchemy import func, text

from fastgres.errors import ConfigurationError, ServerUnavailableError
from fastgres.reads import Call, PlannedRead, ReadPlan, Reads, Rows, parameter
from tests.models import Author, Book
from tests.reads.shelf import AuthorRead, BookRead, LoudTitle, Shown, Title, stock

if TYPE_CHECKING:
    from fastgres.db import Database, Session


class LoudAuthor(AuthorRead):
    """Its books are loaded, with their copies."""

    books: list[BookRead]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()


def titles(books: list[Book]) -> list[str]:
    return [book.title for book in books]


class BookCount(Shown):
    """A list of things that are no objects is filled by Python."""

    name: str
    books: Annotated[list[str], BeforeValidator(titles)]


def test_a_compiled_read_is_one_statement() -> None:
    """However deep."""
    told = Reads(Book, BookRead).explain()
    assert (told.kind, told.statements, told.reasons) == ("compiled", 1, ())
    assert told.sql is not None


def test_a_loaded_read_says_why_and_counts_the_collections() -> None:
    """The root with its to-one relationships, the books, and their copies."""
    told = Reads(Author, LoudAuthor).explain()
    assert (told.kind, told.statements, told.sql) == ("loaded", 3, None)
    assert [str(reason) for reason in told.reasons] == ["LoudAuthor computes loud"]
    assert told.pretty() == (
        "-- Written by the ORM and Pydantic, for:\n-- LoudAuthor computes loud"
    )


def test_a_collection_that_python_reads_is_a_statement_too() -> None:
    """Though it is no nested object."""
    assert Reads(Author, BookCount).explain().statements == 2


def test_one_row_a_list_and_an_export_are_different_statements() -> None:
    """Each as it is sent."""
    titles = Reads(Book, Title)
    one, first, listed = (
        str(titles.explain(Book.pages > 1, **more).sql)
        for more in ({}, {"order_by": [Book.price]}, {"order_by": [Book.price], "limit": 5})
    )
    assert "ORDER BY" not in one
    assert "array_to_string(" not in first
    assert "ORDER BY books.price, books.id" in first
    assert "array_to_string(" in listed
    assert "chr(10)" in str(titles.explain_stream(Book.pages > 1).sql)


async def test_analyze_runs_the_statement_with_its_values(session: Session) -> None:
    """In the transaction of the session, whose rows it finds."""
    await stock(session)
    told = Reads(Book, Title).explain(Book.price > 1, limit=10)
    plan = await told.analyze(session)
    assert "actual time" in plan
    assert "Buffers" in plan
    assert "rows=2" in plan


@pytest.mark.clone
async def test_analyze_on_an_engine_may_only_read(database: Database) -> None:
    """What a condition would change is refused."""
    async with database.session() as session, session.begin():
        await stock(session)
        await session.execute(text("CREATE SEQUENCE tickets"))
    told = Reads(Book, Title).explain(func.nextval(text("'tickets'")) > 0)
    with pytest.raises(ServerUnavailableError) as refused:
        await told.analyze(database.engine)
    assert "read-only transaction" in str(refused.value.__cause__)
    async with database.session() as session:
        assert await session.scalar(text("SELECT is_called FROM tickets")) is False
        assert "Execution Time" in await told.analyze(session)


async def test_analyze_asks_for_values_that_only_a_request_has(session: Session) -> None:
    """Nothing equals NULL: the plan would be another."""
    title = parameter("key_title", Book.title.type)
    call = Call("by title", lambda _: Rows(where=[Book.title == title]), {"key_title": None})
    told = PlannedRead.of(ReadPlan.of(Book, Title)).explain(call)
    with pytest.raises(ConfigurationError, match=r"analyze\(source, key_title=\.\.\.\)"):
        await told.analyze(session)
    assert "Execution Time" in await told.analyze(session, key_title="Book 1")


async def test_analyze_of_a_loaded_read_says_that_there_is_no_plan(session: Session) -> None:
    """And what makes it one."""
    with pytest.raises(ConfigurationError, match="LoudTitle computes loud"):
        await Reads(Book, LoudTitle).explain().analyze(session)
