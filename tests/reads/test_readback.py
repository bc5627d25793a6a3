"""From the JSON back to the typed object."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar
from uuid import UUID

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    create_model,
)
from pydantic.alias_generators import to_camel
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from fastgres.errors import ConfigurationError
from fastgres.reads import Reads
from tests.models import Book
from tests.reads.gallery import Artist, hang
from tests.reads.shelf import AuthorRead, BookRead, CopyRead, LoudTitle, Shown, Title, stock

if TYPE_CHECKING:
    from fastgres.db import Session

Item = TypeVar("Item")


class Envelope(Shown, Generic[Item]):
    """A generic model over a mapped class."""

    title: str
    copies: list[Item]


class Camel(Shown):
    """Written and read by generated names."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


async def rows(session: Session) -> list[Book]:
    """Return the books as entities."""
    loaded = select(Book).options(selectinload(Book.author), selectinload(Book.copies))
    return list(await session.scalars(loaded.order_by(Book.id)))


async def check(session: Session, model: type[BaseModel]) -> None:
    """Compare what is read back with what Pydantic makes of the entities; once each way."""
    books = [model.model_validate(each, from_attributes=True) for each in await rows(session)]
    reads = Reads(Book, model)
    assert reads.plan.kind == "compiled"
    assert (await reads.list(session)).value() == books
    assert (await reads.one(session, Book.title == "Book 1")).value() == books[1]
    assert (await reads.first(session)).value() == books[0]


class Renamed(Shown):
    """Every way to call a field otherwise on one side."""

    heading: str = Field(validation_alias="title")
    cost: Decimal = Field(serialization_alias="price", validation_alias="price")
    sort: str = Field(alias="genre")
    size: int | None = Field(serialization_alias="sizeInPages", validation_alias="pages")


class ByPath(Shown):
    """From over a relationship."""

    title: str
    writer: str = Field(validation_alias=AliasPath("author", "name"))


class ByChoice(Shown):
    """From the first that is there."""

    name: str = Field(
        validation_alias=AliasChoices("heading", "title", AliasPath("author", "name"))
    )


class PathThenObject(Shown):
    """What lies in an object, before the object itself, which has not all of it."""

    writer: str = Field(validation_alias=AliasPath("author", "email"))
    author: AuthorRead


class ObjectThenPath(Shown):
    """The same the other way round."""

    author: AuthorRead
    writer: str = Field(validation_alias=AliasPath("author", "email"))


class Swapped(Shown):
    """Each is called what the other is read from."""

    title: str = Field(validation_alias="isbn")
    isbn: str = Field(validation_alias="title")


class CamelCopy(Camel):
    """Nested, and with a field of its own name."""

    book_id: UUID
    number: int


class CamelBook(Camel):
    """Every name is generated."""

    author_id: UUID
    in_print: bool
    copies: list[CamelCopy]
    details: dict[str, Any]


@pytest.mark.parametrize(
    "model",
    [
        Title,
        BookRead,
        Renamed,
        ByPath,
        ByChoice,
        PathThenObject,
        ObjectThenPath,
        Swapped,
        CamelBook,
        Envelope[CopyRead],
        create_model("Constant", title=str, kind=(str, "book")),
        create_model("Hidden", __base__=Title, isbn=(str | None, Field(None, exclude=True))),
    ],
)
async def test_what_was_written_is_read_back(session: Session, model: type[BaseModel]) -> None:
    """Whatever the keys are called, and where the values came from."""
    await stock(session, 3, details={"title": {"in_print": 1, "bookId": 2}})
    if model.__name__ == "Hidden":
        shown = (await Reads(Book, model).list(session)).value()
        assert {each.isbn for each in shown} == {None}  # type: ignore[attr-defined]  # of Hidden
        return
    await check(session, model)


class Hung(BaseModel):
    """An object that may not be there, and what lies in it, before it and after it."""

    before: str | None = Field(None, validation_alias=AliasPath("room", "name"))
    room: RoomRead | None
    after: str | None = Field(None, validation_alias=AliasPath("room", "name"))


class RoomRead(BaseModel):
    """The object."""

    id: int


async def test_object_that_is_not_there(session: Session) -> None:
    """Nor is what lies in it."""
    await hang(session)
    frida, nobody = (await Reads(Artist, Hung).list(session)).value()
    assert frida == Hung.model_construct(before="Blue", room=RoomRead(id=1), after="Blue")
    assert nobody == Hung.model_construct(before=None, room=None, after=None)


async def test_value_of_nothing(session: Session) -> None:
    """No row is None, and no rows are an empty list."""
    for reads in (Reads(Book, Title), Reads(Book, Title, force_loaded=True)):
        assert (await reads.first(session)).value() is None
        assert (await reads.list(session)).value() == []


async def test_what_python_has_made_is_not_made_again(session: Session) -> None:
    """A loaded read has the models already; validating twice could change them twice."""
    await stock(session)
    shown = await Reads(Book, LoudTitle).list(session)
    assert shown.value()[0].loud == "BOOK 0"
    assert shown.value() is shown.value()
    one = await Reads(Book, LoudTitle).one(session)
    assert isinstance(one.value(), LoudTitle)


@pytest.mark.parametrize(
    ("model", "fields", "missing"),
    [
        (create_model("Cut", __base__=Title, isbn=(str, Field(exclude=True))), None, "isbn"),
        (BookRead, "id,title", "price: Field required"),
    ],
)
async def test_value_that_the_json_has_not(
    session: Session, model: type[BaseModel], fields: str | None, missing: str
) -> None:
    """A required field that was left out: the message says which, and what to do."""
    await stock(session)
    read = Reads(Book, model)._read
    call = Reads(Book, model)._one(())
    found = await (read if fields is None else read.with_fields(fields)).first(session, call)
    assert found is not None
    with pytest.raises(ConfigurationError, match=missing) as raised:
        read.response(found, model).value()
    assert "without `fields=`" in str(raised.value)
    assert "Book 0" not in str(raised.value)


async def test_value_that_the_model_refuses(session: Session) -> None:
    """What is stored may break a constraint, which a compiled read does not look at."""
    await stock(session)
    strict = create_model(
        "Strict", __base__=Shown, title=(Annotated[str, Field(max_length=2)], ...)
    )
    shown = await Reads(Book, strict).list(session)
    assert bytes(shown.body).startswith(b'[{"title":"Book 0"}')
    with pytest.raises(ConfigurationError, match="at most 2 characters") as raised:
        shown.value()
    assert "Book 0" not in str(raised.value)
