"""A create that answers a request: one statement, and the same answer as by the ORM."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, ConfigDict, computed_field
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import InvalidRequestError

from fastgres.db import Database, Session, fetch_row
from fastgres.errors import (
    CheckViolationError,
    ConfigurationError,
    ForeignKeyViolationError,
    InvalidTextError,
    NotNullViolationError,
    OutOfRangeError,
    ProblemError,
    ScopeError,
    UniqueViolationError,
    UnknownNameError,
)
from fastgres.repository import Repository
from tests.models import Author, Counter
from tests.repository.books import (
    AuthorRepository,
    BookRepository,
    CopyRepository,
    OwnBookRepository,
    an_author,
    book,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class CounterRepository(Repository[Counter]):
    """Rows with a key of the server's, and nothing else."""


class CounterRead(BaseModel):
    """All of a counter."""

    id: int
    value: int


class AuthorCreate(BaseModel):
    """A body with a default."""

    name: str
    email: str = "ada@example.com"


class AuthorRead(BaseModel):
    """An author, with what the server has made."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    email: str


class BookRead(BaseModel):
    """A book and the row that it refers to."""

    title: str
    genre: str
    tags: list[str]
    author: AuthorRead


class Shout(BaseModel):
    """A field that only Python computes."""

    name: str

    @computed_field  # type: ignore[prop-decorator]  # mypy does not know properties below decorators
    @property
    def loud(self) -> str:
        return self.name.upper()


class KeyRead(BaseModel):
    """Of anything with such a key."""

    id: UUID


class CopyRead(BaseModel):
    """Of a composite key."""

    number: int
    shelf: str


class BornRead(BaseModel):
    """A null of the table has no place here."""

    name: str
    born: dt.date


class TitleRead(BaseModel):
    """A title."""

    title: str


class PublishedRead(AuthorRead):
    """An author and all books."""

    books: list[TitleRead]


class ShelfRead(BaseModel):
    """A book, and the books beside it."""

    title: str
    author: PublishedRead


class AnyTags(BaseModel):
    """Arrays of any depth."""

    tags: list[Any]


ADA = {"name": "Ada", "email": "ada@example.com"}


def through_orm(repository: type[Repository[Any]]) -> type[Repository[Any]]:
    """Return the same repository, whose rows the ORM makes."""

    class ThroughORM(repository):  # type: ignore[misc, valid-type]  # a class made at run time
        async def add(self, entity: Any) -> Any:
            return await super().add(entity)

    return ThroughORM


@pytest.fixture
def sent(database: Database) -> Iterator[list[str]]:
    """The first words of what is sent through SQLAlchemy."""
    words: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        words.append(statement.lstrip().split()[0])

    event.listen(Engine, "before_cursor_execute", note)
    yield words
    event.remove(Engine, "before_cursor_execute", note)


async def count(database: Database, table: str = "authors") -> int:
    """Count rows as another connection sees them."""
    row = await fetch_row(database.engine, f"SELECT count(*) FROM {table}")
    assert row is not None
    return int(row[0])


class TestAnswer:
    """What comes back."""

    async def test_is_the_row_with_what_the_server_made(self, session: Session) -> None:
        response = await AuthorRepository(session).create(AuthorRead, ADA)
        shown = response.value()
        assert (response.status_code, shown.name, shown.id.version) == (201, "Ada", 7)
        assert (await AuthorRepository(session).get(shown.id)).email == ADA["email"]

    async def test_shows_existing_rows_that_it_refers_to(self, session: Session) -> None:
        ada = await an_author(session)
        row = book(1, author_id=ada.id)
        shown = (await BookRepository(session).create(BookRead, row)).value()
        assert (shown.author.id, shown.genre, shown.tags) == (ada.id, "novel", [])

    async def test_counts_the_defaults_of_a_body(self, session: Session) -> None:
        shown = await AuthorRepository(session).create(AuthorRead, AuthorCreate(name="Ada"))
        assert shown.value().email == "ada@example.com"

    async def test_has_the_location_with_columns_filled_in(self, session: Session) -> None:
        authors = AuthorRepository(session)
        row = {"name": "a b/ü?", "email": "x@example.com"}
        shown = await authors.create(AuthorRead, row, location="/ä/{id}?name={name}")
        wanted = f"/%C3%A4/{shown.value().id}?name=a%20b%2F%C3%BC%3F"
        assert shown.headers["Location"] == wanted
        other = through_orm(AuthorRepository)(session)
        shown = await other.create(AuthorRead, ADA, location="/authors/{id}")
        assert shown.headers["Location"] == f"/authors/{shown.value().id}"

    async def test_of_a_composite_key_is_found(self, session: Session) -> None:
        """By the ORM too, where it is read again."""
        ada = await an_author(session)
        first = (await BookRepository(session).create(KeyRead, book(1, author_id=ada.id))).value()
        ways: list[type[Repository[Any]]] = [CopyRepository, through_orm(CopyRepository)]
        for number, repository in enumerate(ways):
            row = {"book_id": first.id, "number": number, "shelf": "A"}
            shown = await repository(session).create(CopyRead, row, location="/copies/{number}")
            assert shown.value() == CopyRead(number=number, shelf="A")
            assert shown.headers["Location"] == f"/copies/{number}"

    async def test_of_fields_that_were_asked_for(self, session: Session) -> None:
        shown = await AuthorRepository(session).create(AuthorRead, ADA, fields="name")
        assert shown.body == b'{"name":"Ada"}'

    async def test_sends_one_statement(self, session: Session, sent: list[str]) -> None:
        async with session.begin():
            await session.execute(select(1))
            sent.clear()
            await AuthorRepository(session).create(AuthorRead, ADA)
            assert sent == ["WITH"]

    async def test_with_a_null_that_the_model_has_no_place_for_is_told(
        self, session: Session
    ) -> None:
        """As in a read, by FastAPI's own error; and with the unit goes the row."""
        authors = AuthorRepository(session)
        with pytest.raises(ResponseValidationError):
            await authors.create(BornRead, ADA)
        assert await authors.count() == 0


class TestNames:
    """What may be given."""

    async def test_that_are_no_columns_are_refused(self, session: Session) -> None:
        with pytest.raises(UnknownNameError, match="column of Author 'nmae'; did you mean 'name'"):
            await AuthorRepository(session).create(AuthorRead, ADA | {"nmae": "Eve"})

    async def test_in_a_location_that_are_no_columns_are_refused(self, session: Session) -> None:
        with pytest.raises(UnknownNameError, match="column of Author 'idd'"):
            await AuthorRepository(session).create(AuthorRead, ADA, location="/authors/{idd}")

    async def test_of_a_time_of_deletion_are_refused_unless_it_is_shown(
        self, session: Session
    ) -> None:
        authors = AuthorRepository(session)
        row = ADA | {"deleted_at": dt.datetime.now(dt.UTC)}
        with pytest.raises(ConfigurationError, match="include_deleted=True"):
            await authors.create(AuthorRead, row)
        shown = await authors.create(AuthorRead, row, include_deleted=True)
        assert shown.value().name == "Ada"


class TestScope:
    """The columns that the repository was made with."""

    async def test_is_filled_in(self, session: Session) -> None:
        ada = await an_author(session)
        own = OwnBookRepository(session, author_id=ada.id)
        shown = await own.create(BookRead, book(1, author_id=None))
        assert shown.value().author.id == ada.id

    async def test_refuses_another_value(self, session: Session) -> None:
        ada, eve = await an_author(session), await an_author(session, "Eve")
        for repository in (OwnBookRepository, through_orm(OwnBookRepository)):
            with pytest.raises(ScopeError):
                await repository(session, author_id=ada.id).create(
                    BookRead, book(1, author_id=eve.id)
                )


@pytest.mark.clone
class TestOutside:
    """Without a unit of work: a transaction of its own."""

    async def test_commits_in_one_statement_and_begins_nothing(self, database: Database) -> None:
        await count(database)
        async with database.session() as session:
            await AuthorRepository(session).create(AuthorRead, ADA)
            assert not session.is_made
        assert await count(database) == 1

    async def test_commits_what_a_read_has_begun(self, database: Database) -> None:
        async with database.session() as session:
            await session.execute(select(1))
            await AuthorRepository(session).create(AuthorRead, ADA)
            assert not session.in_transaction()
        assert await count(database) == 1

    @pytest.mark.parametrize("name", ["after_begin", "before_commit"])
    async def test_is_heard_by_who_listens_for_transactions(
        self, database: Database, name: str
    ) -> None:
        heard: list[str] = []
        async with database.session() as session:
            event.listen(session.sync_session, name, lambda *_: heard.append(name))
            await AuthorRepository(session).create(AuthorRead, ADA)
        assert heard == [name]
        assert await count(database) == 1

    async def test_writes_nothing_that_cannot_be_shown(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(ResponseValidationError):
                await AuthorRepository(session).create(BornRead, ADA)
        assert await count(database) == 0

    async def test_shows_what_only_python_can_write(self, database: Database) -> None:
        """An array of arrays, which SQL does not answer for: by the ORM, and once."""
        row = {"isbn": "1", "title": "One", "price": 1, "tags": [["a"], ["b"]]}
        async with database.session() as session:
            ada = (await AuthorRepository(session).create(AuthorRead, ADA)).value()
            shown = await BookRepository(session).create(AnyTags, row | {"author_id": ada.id})
        assert shown.value().tags == [["a"], ["b"]]
        assert await count(database, "books") == 1

    async def test_raises_what_the_orm_raises(self, database: Database) -> None:
        async with database.session() as session:
            await AuthorRepository(session).create(AuthorRead, ADA)
            found = []
            for repository in (AuthorRepository, through_orm(AuthorRepository)):
                with pytest.raises(UniqueViolationError) as caught:
                    await repository(session).create(AuthorRead, ADA)
                found.append(caught.value)
        assert told(found[0]) == told(found[1])
        assert found[0].fields[0].location == ("body", "email")

    async def test_that_a_constraint_refuses_at_the_end_is_refused(
        self, database: Database
    ) -> None:
        """A deferred one fails at COMMIT, which comes with the statement."""
        async with database.session() as session, session.begin():
            await session.execute(
                text("ALTER TABLE counters ADD UNIQUE (value) INITIALLY DEFERRED")
            )
        async with database.session() as session:
            counters = CounterRepository(session)
            await counters.create(CounterRead, {"value": 7})
            with pytest.raises(UniqueViolationError):
                await counters.create(CounterRead, {"value": 7})
        assert await count(database, "counters") == 1

    async def test_refuses_a_session_that_is_closed(self, database: Database) -> None:
        session = database.session()
        await session.close()
        with pytest.raises(InvalidRequestError):
            await AuthorRepository(session).create(AuthorRead, ADA)


class TestInside:
    """In a unit of work."""

    async def test_is_undone_with_it(self, session: Session) -> None:
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                await AuthorRepository(session).create(AuthorRead, ADA)
                raise ZeroDivisionError
        assert await AuthorRepository(session).count() == 0

    async def test_is_named_as_uncommitted(self, session: Session) -> None:
        async with session.begin():
            await AuthorRepository(session).create(AuthorRead, ADA)
            assert session.uncommitted() == ("new Author",)
        assert session.uncommitted() == ()

    async def test_sees_what_was_added_and_not_flushed(self, session: Session) -> None:
        async with session.begin():
            session.add(ada := Author(id=uuid4(), **ADA))
            shown = await BookRepository(session).create(BookRead, book(1, author_id=ada.id))
        assert shown.value().author.name == "Ada"

    async def test_leaves_hooks_to_the_unit(self, session: Session) -> None:
        told: list[str] = []

        async def tell() -> None:
            told.append("committed")

        async with session.begin():
            session.after_commit(tell)
            await AuthorRepository(session).create(AuthorRead, ADA)
            assert told == []
        assert told == ["committed"]

    async def test_an_error_of_a_unit_around_it_is_over(self, session: Session) -> None:
        async with session.begin():
            await AuthorRepository(session).create(AuthorRead, ADA)
            with pytest.raises(UniqueViolationError):
                async with session.begin():
                    await AuthorRepository(session).create(AuthorRead, ADA)
        assert await AuthorRepository(session).count() == 1


class TestThroughORM:
    """Where Python has a hand in it, with what it does."""

    async def test_a_model_that_is_loaded(self, session: Session) -> None:
        shown = await AuthorRepository(session).create(Shout, ADA)
        assert shown.body == b'{"name":"Ada","loud":"ADA"}'

    async def test_rows_of_its_own_table_are_counted_with_it(self, session: Session) -> None:
        """The author's books are those after the INSERT, which one statement would not see."""
        ada = await an_author(session)
        row = book(1, author_id=ada.id)
        shown = (await BookRepository(session).create(ShelfRead, row)).value()
        assert [each.title for each in shown.author.books] == [row["title"]]

    async def test_a_listener_for_inserts(self, session: Session) -> None:
        def rename(_mapper: object, _connection: object, author: Author) -> None:
            author.name = "Eve"

        event.listen(Author, "before_insert", rename)
        try:
            shown = await AuthorRepository(session).create(AuthorRead, ADA)
        finally:
            event.remove(Author, "before_insert", rename)
        assert shown.value().name == "Eve"

    async def test_a_listener_for_values(self, session: Session) -> None:
        def upper(_author: Author, value: str, *_: object) -> str:
            return value.upper()

        event.listen(Author.name, "set", upper, retval=True)
        try:
            shown = await AuthorRepository(session).create(AuthorRead, ADA)
        finally:
            event.remove(Author.name, "set", upper)
        assert shown.value().name == "ADA"

    async def test_a_listener_for_new_objects(self, session: Session) -> None:
        def fill(_author: Author, _arguments: object, values: dict[str, Any]) -> None:
            values["name"] = "Eve"

        event.listen(Author, "init", fill)
        try:
            shown = await AuthorRepository(session).create(AuthorRead, ADA)
        finally:
            event.remove(Author, "init", fill)
        assert shown.value().name == "Eve"

    async def test_a_listener_for_flushes(self, session: Session) -> None:
        def rename(half: Any, *_: object) -> None:
            for each in half.new:
                each.name = "Eve"

        event.listen(session.sync_session, "before_flush", rename)
        shown = await AuthorRepository(session).create(AuthorRead, ADA)
        assert shown.value().name == "Eve"

    async def test_an_add_of_the_repository(self, session: Session) -> None:
        class Renaming(AuthorRepository):
            async def add(self, entity: Author) -> Author:
                entity.name = "Eve"
                return await super().add(entity)

        assert (await Renaming(session).create(AuthorRead, ADA)).value().name == "Eve"

    async def test_an_sql_expression(self, session: Session) -> None:
        row = ADA | {"name": func.upper("ada")}
        assert (await AuthorRepository(session).create(AuthorRead, row)).value().name == "ADA"

    async def test_a_map_of_schemas(self, session: Session) -> None:
        await session.execute(text("CREATE SCHEMA other"))
        await session.execute(text("CREATE TABLE other.authors (LIKE authors INCLUDING ALL)"))
        connection = await session.connection()
        await connection.execution_options(schema_translate_map={None: "other"})
        await AuthorRepository(session).create(AuthorRead, ADA)
        assert await session.scalar(text("SELECT count(*) FROM other.authors")) == 1

    @pytest.mark.clone
    async def test_commits_too(self, database: Database) -> None:
        async with database.session() as session:
            await through_orm(AuthorRepository)(session).create(AuthorRead, ADA)
            assert session.uncommitted() == ()
        assert await count(database) == 1


class TestErrors:
    """Each is the one that the ORM raises, with the same fields."""

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"author_id": uuid4()}, ForeignKeyViolationError),
            ({"price": -1}, CheckViolationError),
            ({"title": None}, NotNullViolationError),
            ({"genre": "opera"}, CheckViolationError),
            ({"binding": "none"}, OutOfRangeError),
            ({"price": 10**20}, OutOfRangeError),
            ({"pages": 2**70}, OutOfRangeError),
            ({"pages": "many"}, OutOfRangeError),
            ({"title": "a\0b"}, InvalidTextError),
            ({"isbn": "taken"}, UniqueViolationError),
            ({"author_id": "nobody"}, OutOfRangeError),
        ],
    )
    async def test_is_the_same(
        self, session: Session, change: dict[str, Any], error: type[Exception]
    ) -> None:
        found = []
        async with session.begin():
            author = (await an_author(session)).id
            await BookRepository(session).create(KeyRead, book(0, author_id=author, isbn="taken"))
            for repository in (BookRepository, through_orm(BookRepository)):
                with pytest.raises(error) as caught:
                    async with session.begin():
                        row = book(1, author_id=author) | change
                        await repository(session).create(KeyRead, row)
                found.append(caught.value)
        assert told(found[0]) == told(found[1])


def told(error: BaseException) -> tuple[Any, ...]:
    """Return what a client is told of an error."""
    if not isinstance(error, ProblemError):
        return (type(error),)
    return type(error), error.status, str(error), error.fields, error.headers, error.extensions
