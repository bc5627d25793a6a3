"""Sparse fields: what a client asks for is read, and nothing else."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Response
from pydantic import AliasPath, Field, computed_field, create_model

from fastgres.errors import ConfigurationError, InvalidValueError
from fastgres.reads import Call, PlannedRead, ReadPlan, Rows
from fastgres.reads.sparse import LONGEST, pruned
from fastgres.repository import Repository
from fastgres.testing.client import serving
from tests.http.conftest import service
from tests.models import Author, Book
from tests.reads.shelf import AuthorRead, BookRead, CopyRead, LoudTitle, Shown, stock

if TYPE_CHECKING:
    from fastgres.db import Database, Session


class BookRepository(Repository[Book]):
    """Books."""


class AuthorRepository(Repository[Author]):
    """Authors."""


class Renamed(Shown):
    """Keys that are not the names."""

    id_: Any = Field(validation_alias="id", serialization_alias="key")
    title: str = Field(serialization_alias="heading")
    writer: AuthorRead = Field(validation_alias="author", serialization_alias="by")
    name: str = Field(validation_alias=AliasPath("author", "name"))


class LoudBook(LoudTitle):
    """A plan that is loaded because of one field, with others that need no Python."""

    isbn: str
    author: AuthorRead
    copies: list[CopyRead]


PLAN = ReadPlan.of(Book, BookRead)


def sql(plan: ReadPlan, fields: str) -> str:
    """Return the SQL of one row with these fields."""
    read = PlannedRead.of(plan).with_fields(fields)
    told = read.explain(Call("one", lambda _: Rows())).sql
    assert told is not None
    return told


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("id", {"id"}),
        ("title,price", {"title", "price"}),
        (" title , price ,", {"title", "price"}),
        ("author", {"author"}),
        ("author.name", {"author"}),
        ("copies.shelf,id", {"copies", "id"}),
        ("author,author.name", {"author"}),
    ],
)
async def test_only_what_was_asked_for(session: Session, fields: str, keys: set[str]) -> None:
    """In the order of the model, one way as the other."""
    await stock(session)
    books = BookRepository(session)
    shown = await books.list(BookRead, limit=9, fields=fields)
    whole = json.loads(bytes((await books.list(BookRead, limit=9)).body))
    for lean, full in zip(json.loads(bytes(shown.body)), whole, strict=True):
        assert set(lean) == keys
        assert list(lean) == [key for key in full if key in keys]
        assert holds(full, lean)


def holds(full: Any, lean: Any) -> bool:
    """Tell whether everything in one JSON is the same in the other."""
    if isinstance(lean, dict):
        return all(holds(full[key], each) for key, each in lean.items())
    if isinstance(lean, list):
        return len(full) == len(lean) and all(map(holds, full, lean))
    return bool(full == lean)


@pytest.mark.parametrize(
    ("fields", "named", "unnamed"),
    [
        ("id", [], ["title", "price", "authors", "copies", "genre", "published_at"]),
        ("title", ["title"], ["price", "authors", "copies"]),
        ("author.name", ["authors", ".name"], ["born", "copies", "title"]),
        ("copies.shelf", ["copies", "shelf"], ["to_json(copies.number", "title", "born"]),
    ],
)
def test_statement_names_nothing_else(fields: str, named: list[str], unnamed: list[str]) -> None:
    """What nobody asked for does not leave the database, nor is it read there."""
    told = sql(PLAN, fields)
    assert all(each in told for each in named)
    assert not [each for each in unnamed if each in told]


def test_order_and_repetition_are_one_plan() -> None:
    """Or a client could have a statement compiled for each way to write the same."""
    ways = itertools.permutations(["id", "title", "author.name"])
    plans = {id(pruned(PLAN, ",".join(way))) for way in ways}
    plans.add(id(pruned(PLAN, "title,id,title,author.name,,id , author.name")))
    assert len(plans) == 1
    read = PlannedRead.of(PLAN)
    assert read.with_fields("id,title") is read.with_fields("title,id,id")
    assert read.with_fields("id,title") is not read.with_fields("id")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("titel", "no field 'titel'; did you mean 'title'?"),
        ("id,zzz", "no field 'zzz'. Allowed: id, title, price"),
        ("author.nmae", "did you mean 'author.name'?"),
        ("copies.book", "no field 'copies.book'"),
        ("author.name.first", "no field 'author.name.first'"),
        ("Title", "no field 'Title'"),
        ("isbn", "no field 'isbn'"),
        ("author.email", "no field 'author.email'"),
        ("*", r"no field '*'"),
        ("", "Names no field. Allowed: id"),
        (" , ", "Names no field"),
        ("x" * (LONGEST + 1), f"at most {LONGEST} characters"),
    ],
)
def test_unknown_field(fields: str, message: str) -> None:
    """422, with what was meant and what is allowed; a column that is not shown is unknown."""
    with pytest.raises(InvalidValueError) as raised:
        pruned(PLAN, fields)
    (problem,) = raised.value.fields
    assert problem.location == ("query", "fields")
    assert message in problem.message
    assert raised.value.status == 422


def test_long_unknown_name_is_not_given_back_whole() -> None:
    """A message has an end."""
    with pytest.raises(InvalidValueError) as raised:
        pruned(PLAN, "y" * 1_900)
    assert len(str(raised.value.fields[0].message)) < 500


def test_keys_are_those_of_the_json() -> None:
    """A client does not know how fields are called in Python."""
    plan = ReadPlan.of(Book, Renamed)
    told = sql(plan, "key,by.name")
    assert '"key":' in told
    assert '"heading":' not in told
    for name in ("id_", "title", "writer", "id", "author"):
        with pytest.raises(
            InvalidValueError, match=r"Allowed: key, heading, by, by.name, by.born, "
        ):
            pruned(plan, name)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("title,pages", "compiled"),
        ("title,loud", "loaded"),
        ("author.name,isbn", "compiled"),
    ],
)
async def test_loaded_plan(session: Session, fields: str, kind: str) -> None:
    """Its answer is pruned too; it is compiled where nobody asks for what only Python can do."""
    await stock(session)
    plan = ReadPlan.of(Book, LoudBook)
    assert plan.kind == "loaded"
    books = BookRepository(session)
    shown = json.loads(bytes((await books.list(LoudBook, limit=9, fields=fields)).body))
    whole = json.loads(bytes((await books.list(LoudBook, limit=9)).body))
    for lean, full in zip(shown, whole, strict=True):
        assert holds(full, lean)
        assert set(lean) == {each.partition(".")[0] for each in fields.split(",")}
    assert pruned(plan, fields).kind == kind


async def test_field_that_only_python_can_fill_is_not_asked_for(session: Session) -> None:
    """Then SQL can write the rest."""

    class Typed(Shown):
        title: str
        details: dict[str, int]

    await stock(session, details={"a": 1})
    plan = ReadPlan.of(Book, Typed)
    assert plan.kind == "loaded"
    assert pruned(plan, "title").kind == "compiled"
    assert pruned(plan, "title,details").kind == "loaded"
    books = BookRepository(session)
    shown = await books.first(Typed, fields="title")
    assert shown.body == b'{"title":"Book 0"}'
    typed = await books.first(Typed, fields="details")
    assert typed.body == b'{"details":{"a":1}}'


async def test_what_sql_leaves_to_python(session: Session) -> None:
    """A row of which SQL does not answer is pruned all the same, and refused all the same."""
    (book,) = await stock(session, 1)
    strict = create_model("Strict", __base__=Shown, title=(str, ...), pages=(int, ...))
    books = BookRepository(session)
    assert (await books.first(strict, fields="title")).body == b'{"title":"Book 0"}'
    with pytest.raises(Exception, match="pages"):
        await books.first(strict, fields="pages")
    book.pages = 3
    await session.flush()
    assert (await books.first(strict, fields="pages")).body == b'{"pages":3}'


async def test_value_of_a_part(session: Session) -> None:
    """It would be an object with holes; say so."""
    await stock(session)
    books = BookRepository(session)
    for shown in (
        await books.first(BookRead, fields="id"),
        await books.list(BookRead, limit=1, fields="id,title,author.name"),
    ):
        with pytest.raises(ConfigurationError, match="read without `fields=`"):
            shown.value()


async def test_value_of_a_part_of_a_loaded_read_is_whole(session: Session) -> None:
    """What Python has made is there anyway."""
    await stock(session, 1)
    shown = await BookRepository(session).list(LoudTitle, limit=1, fields="title,loud")
    assert shown.value()[0].title == "Book 0"


async def test_over_http(database: Database) -> None:
    """A route hands the parameter on; unknown fields are a problem document of the client's."""
    router = APIRouter()

    @router.get("/books")
    async def list_books(fields: str | None = None) -> Response:
        async with database.session() as session:
            return await BookRepository(session).list(BookRead, limit=9, fields=fields)

    async with database.session() as session, session.begin():
        await stock(session, 1)
    async with serving(service(router)) as client:
        answer = await client.get("/books", params={"fields": "title,author.name"})
        assert answer.content == b'[{"title":"Book 0","author":{"name":"Ada"}}]'
        refused = await client.get("/books", params={"fields": "isbn"})
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        assert "Allowed: id, title, price" in refused.text


class Computing(Shown):
    """Computes one of its fields, and an object in it does."""

    title: str

    @computed_field(alias="size")  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def length(self) -> int:
        """The length of what is perhaps not asked for."""
        return len(self.title)


class Computed(Shown):
    """Holds one that computes."""

    id: Any
    books: list[Computing]


async def test_field_that_the_model_computes(session: Session) -> None:
    """It is a key of the JSON like others; SQL can do without it where nobody asks for it."""
    await stock(session, 1)
    plan = ReadPlan.of(Book, Computing)
    assert pruned(plan, "title").kind == "compiled"
    assert pruned(plan, "size").kind == "loaded"
    books = BookRepository(session)
    assert (await books.first(Computing, fields="title")).body == b'{"title":"Book 0"}'
    assert (await books.first(Computing, fields="size")).body == b'{"size":6}'
    deep = ReadPlan.of(Author, Computed)
    assert pruned(deep, "id,books.title").kind == "compiled"
    assert [str(each) for each in pruned(deep, "books.size").reasons] == ["books computes length"]
    authors = AuthorRepository(session)
    shown = await authors.first(Computed, fields="books.size")
    assert shown.body == b'{"books":[{"size":6}]}'
    with pytest.raises(InvalidValueError, match=r"Allowed: id, books, books.title, books.size"):
        pruned(deep, "books.length")
