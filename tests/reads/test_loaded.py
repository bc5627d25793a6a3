"""The same reads by the ORM: what is loaded, and what happens to rows that do not fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import APIRouter, Response
from fastapi.exceptions import ResponseValidationError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    computed_field,
    create_model,
    model_validator,
)
from sqlalchemy import ForeignKey, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)
from structlog.testing import capture_logs

from fastgres.reads import Reads, session_beside
from fastgres.testing.client import serving
from tests.http.conftest import service
from tests.models import Author, Book
from tests.reads.gallery import Artist, Painting, hang
from tests.reads.shelf import (
    AuthorRead,
    BookRead,
    CopyRead,
    LoudTitle,
    Shown,
    Title,
    stock,
    written,
)
from tests.reads.wire import overheard

if TYPE_CHECKING:
    from fastgres.db import Database, Session
    from fastgres.settings import Settings

LOADED = Reads(Book, BookRead, force_loaded=True)


@pytest.mark.clone
class TestStatements:
    """What is sent for a loaded read."""

    async def test_one_and_one_for_each_collection(
        self, database_url: str, settings: Settings
    ) -> None:
        """However many rows there are."""
        async with overheard(database_url, settings) as (database, said):
            async with database.session() as session, session.begin():
                await stock(session, 5)
            said.clear()
            await LOADED.list(database.engine)
            selects = [each for each in said if each.startswith("SELECT")]
            assert len(selects) == LOADED.explain().statements == 2

    async def test_columns_that_the_model_names(
        self, database_url: str, settings: Settings
    ) -> None:
        """And the keys that the ORM needs; not the rest of the row."""
        async with overheard(database_url, settings) as (database, said):
            async with database.session() as session, session.begin():
                await stock(session, 2)
            said.clear()
            await LOADED.list(database.engine)
            books, copies = (each for each in said if each.startswith("SELECT"))
            assert "books.title" in books
            assert "authors_1.name" in books
            for unnamed in ("isbn", "details", "tags", "cover", "email", "in_print"):
                assert unnamed not in books
            assert "shelf" in copies

    async def test_no_transaction_stays_open(self, database: Database) -> None:
        """The session of the caller is as it was."""
        async with database.session() as session:
            await LOADED.list(session)
            assert not session.in_transaction()
            assert database.pool_status().lent == 0


class TestPython:
    """What Python computes may look at everything."""

    async def test_property_of_the_mapped_class(self, session: Session) -> None:
        """Also where it needs what no field of the model names."""
        await hang(session)
        model = create_model("Look", initial=(str, ...), caption=(str, ...))
        shown = await Reads(Painting, model).one(session, Painting.id == 1)
        assert shown.body == b'{"initial":"V","caption":"Viva!"}'

    async def test_property_that_follows_a_relationship(self, session: Session) -> None:
        """Which is loaded when it is looked at."""
        await (await session.connection()).run_sync(ShipBase.metadata.create_all)
        session.add(Ship(id=1, name="Beagle", captain=Captain(id=1, name="FitzRoy")))
        await session.flush()
        session.expunge_all()
        shown = await Reads(Ship, create_model("Command", command=(str, ...))).one(session)
        assert shown.body == b'{"command":"FitzRoy of Beagle"}'

    async def test_validator_that_looks_at_the_row(self, session: Session) -> None:
        """Before the fields are taken from it."""

        class Described(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            text: str

            @model_validator(mode="before")
            @classmethod
            def describe(cls, row: Any) -> Any:
                return {"text": f"{row.title} for {row.price} by {row.author.name}"}

        class Shelf(BaseModel):
            books: list[Described]

        await stock(session, 1)
        shown = await Reads(Author, Shelf).one(session)
        assert shown.body == b'{"books":[{"text":"Book 0 for 1.00 by Ada"}]}'

    async def test_attributes_that_are_no_columns(self, session: Session) -> None:
        """Association proxies, composites, sets."""
        await hang(session)
        size = create_model(
            "SizeRead",
            __config__=ConfigDict(from_attributes=True),
            width=(int | None, ...),
            height=(int | None, ...),
        )
        fields: Any = {"words": (list[str], ...), "size": (size, ...), "signature": (str, ...)}
        shown = await Reads(Painting, create_model("All", **fields)).one(session, Painting.id == 1)
        assert json.loads(bytes(shown.body)) == {
            "words": ["fruit"],
            "size": {"width": 2, "height": 3},
            "signature": "F.K.",
        }
        unordered = create_model("Unordered", unordered=(list[Title], ...))
        shown = await Reads(Artist, unordered).one(session, Artist.id == 2)
        assert shown.body == b'{"unordered":[{"title":"Untitled"}]}'


class WithCopies(Shown):
    """Holds what a relationship leads to."""

    title: str
    copies: list[CopyRead]


class WithAuthor(Shown):
    """Holds the one that it came from, too."""

    name: str = Field(validation_alias="title")
    writer: AuthorRead | None = Field(validation_alias="author")
    copies: tuple[CopyRead, ...]


class Wrapped(RootModel[list[WithCopies]]):
    """Is the list itself."""


class WithSettings(BaseModel):
    """Writes bytes in another way."""

    model_config = ConfigDict(from_attributes=True, ser_json_bytes="base64")
    books: list[WithCopies]


@pytest.mark.parametrize(
    ("kind", "statements"),
    [
        (Sequence[WithCopies], 3),
        (list[WithCopies | None], 3),
        (list[WithCopies | WithAuthor], 3),
        (list[WithAuthor | WithCopies], 3),
        (tuple[WithAuthor, ...], 3),
        (Wrapped, 3),
        (Annotated[list[WithCopies], PlainSerializer(len)], 3),
        (Annotated[list[WithCopies], AfterValidator(lambda books: books[:1])], 3),
        (Sequence[Title], 2),
    ],
)
async def test_relationships_of_models_inside_of_what_python_reads(
    kind: Any, statements: int, session: Session
) -> None:
    model = create_model("Shelf", __base__=Shown, books=(kind, ...))
    await stock(session)
    author = select(Author).options(
        selectinload(Author.books).options(selectinload(Book.copies), joinedload(Book.author))
    )
    row = await session.scalar(author.execution_options(populate_existing=True))
    right = written(model, row)
    session.expunge_all()
    reads = Reads(Author, model)
    assert (await reads.one(session)).body == right
    assert reads.explain().statements == statements


async def test_model_with_settings_of_its_own_is_filled_too(session: Session) -> None:
    await stock(session, 2)
    session.expunge_all()
    shown = await Reads(Author, WithSettings).one(session)
    assert [len(book.copies) for book in shown.value().books] == [0, 1]


class Endless(Shown):
    """Holds itself, which is only known to be without an end by what the rows hold."""

    title: str
    others: Sequence[Endless] = ()


async def test_model_that_holds_itself_where_only_python_looks(session: Session) -> None:
    await stock(session, 1)
    shown = await Reads(Author, create_model("Own", books=(Sequence[Endless], ...))).one(session)
    assert shown.body == b'{"books":[{"title":"Book 0","others":[]}]}'


class ShipBase(DeclarativeBase):
    """Tables of their own."""


class Captain(ShipBase):
    """Is not named by any model here."""

    __tablename__ = "captains"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Ship(ShipBase):
    """Looks at its captain."""

    __tablename__ = "ships"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    captain_id: Mapped[int] = mapped_column(ForeignKey("captains.id"))

    captain: Mapped[Captain] = relationship()

    @property
    def command(self) -> str:
        """Whose it is."""
        return f"{self.captain.name} of {self.name}"


class Strict(Shown):
    """Has no place for a null."""

    title: str
    pages: int


class StrictAndLoud(Strict):
    """The same, loaded."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def loud(self) -> str:
        """The title in capitals."""
        return self.title.upper()


class TestRowThatDoesNotFit:
    """It is the service's fault and not the client's: 500, and nothing of the row in it."""

    @pytest.mark.parametrize("model", [Strict, StrictAndLoud])
    async def test_over_http(self, database: Database, model: type[Any]) -> None:
        """The log names the field, and does not hold the row either."""
        router = APIRouter()

        @router.get("/books")
        async def list_books() -> Response:
            return await Reads(Book, model).list(database.source)

        async with database.session() as session, session.begin():
            await stock(session, 1)
            await session.execute(update(Book).values(title="secret"))
        async with serving(service(router)) as client:
            with capture_logs() as logs:
                answer = await client.get("/books")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 500
        assert "secret" not in answer.text
        assert "pages" not in answer.text
        (logged,) = (each for each in logs if each["event"] == "response not valid")
        assert logged["errors"][0]["loc"] == ("pages",)
        assert "secret" not in str(logs)

    async def test_constraint_is_looked_at_where_python_fills_the_model(
        self, session: Session
    ) -> None:
        """As FastAPI would; a compiled read tells what is stored."""
        await stock(session, 1)
        short = create_model("Short", __base__=Shown, title=(str, Field(max_length=2)))
        assert (await Reads(Book, short).list(session)).body == b'[{"title":"Book 0"}]'
        with pytest.raises(ResponseValidationError, match="at most 2 characters"):
            await Reads(Book, short, force_loaded=True).list(session)


class TestSessionBeside:
    """A session for the read alone."""

    async def test_leaves_the_callers_alone(self, session: Session) -> None:
        (book,) = await stock(session, 1)
        async with session_beside(session) as other:
            assert other is not session
            found = await other.scalar(select(Book).where(Book.id == book.id))
            assert found is not book
            assert found is not None
            found.title = "Changed"
        await session.refresh(book)
        assert book.title == "Book 0"

    @pytest.mark.clone
    async def test_sees_the_writes_of_a_transaction(self, database: Database) -> None:
        async with AsyncSession(database.engine) as session, session.begin():
            await stock(session, 1)
            session.add(Author(name="Eve", email="eve@example.com"))
            async with session_beside(session) as other:
                assert len((await other.scalars(select(Author))).all()) == 2
            assert session.in_transaction()
        async with session_beside(database.engine) as other:
            assert len((await other.scalars(select(Author))).all()) == 2

    @pytest.mark.clone
    async def test_leaves_the_transaction_of_a_connection_open(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            await connection.begin()
            async with session_beside(connection) as other:
                other.add(Author(name="Eve", email="eve@example.com"))
                await other.flush()
            assert connection.in_transaction()
            found = await connection.scalars(select(Author.name))
            assert found.all() == ["Eve"]
            await connection.rollback()


async def test_read_by_the_orm_sees_no_stale_entities(session: Session) -> None:
    """What the session of the caller remembers is not what is stored."""
    (book,) = await stock(session, 1)
    await session.execute(
        update(Book).values(title="New"),
        execution_options={"synchronize_session": False},
    )
    assert book.title == "Book 0"
    assert (await Reads(Book, LoudTitle).one(session)).value().loud == "NEW"
    assert (await Reads(Book, Title).one(session)).body == b'{"title":"New"}'


async def test_deep_models_are_written_as_pydantic_writes_them(session: Session) -> None:
    """The plan is loaded, and its bytes are the same."""
    books = await stock(session)
    shown = await LOADED.list(session)
    assert shown.body == b"[%b]" % b",".join(written(BookRead, book) for book in books)
