"""Rows as JSON objects: members and their keys, nested objects, and arrays in their order."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import AliasPath, BaseModel, ConfigDict, Field, create_model
from sqlalchemy import ForeignKey, Integer, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from fastgres.db import include_deleted
from fastgres.reads import ReadPlan, Reads
from fastgres.reads.writer import MOST_ARGUMENTS
from tests.models import Author, Book
from tests.reads.gallery import Artist, Painting, hang
from tests.reads.shelf import BookRead, Shown, Title, stock, written

if TYPE_CHECKING:
    from fastgres.db import Session

ODD_KEYS = [
    "",
    " ",
    "'",
    '"',
    "\\",
    "''; DROP TABLE books; --",
    "%",
    "%s %(a)s %% \\ '%(b)s'",
    ":a",
    "$1",
    "?",
    "\n\t\x00\x1f",
    "é😀\u2028",
    "</script>",
    "{a}",
    "__proto__",
]


async def test_keys_are_written_as_they_are(session: Session) -> None:
    """Whatever an alias consists of."""
    (book,) = await stock(session, 1)
    fields: Any = {
        f"field_{number}": (str, Field(serialization_alias=key, validation_alias="title"))
        for number, key in enumerate(ODD_KEYS)
    }
    fields["constant"] = (str, "%s :a $1 '\\\"")
    model = create_model("Odd", __base__=Shown, **fields)
    shown = await Reads(Book, model).one(session)
    assert shown.body == written(model, book)
    assert set(json.loads(bytes(shown.body))) == {*ODD_KEYS, "constant"}


async def test_values_are_written_as_they_are(session: Session) -> None:
    """Whatever somebody has typed in."""
    text = "".join(key.replace("\x00", "") for key in ODD_KEYS) + "\x01\x7f\ud7ff\uffff"
    (book,) = await stock(session, 1, tags=[text, ""], details={text: [text, None, 1.5, {}]})
    book.title = text
    await session.flush()
    model = create_model(
        "Text",
        __base__=Shown,
        title=(str, ...),
        tags=(list[str], ...),
        details=(dict[str, Any], ...),
    )
    assert json.loads(bytes((await Reads(Book, model).one(session)).body)) == {
        "title": text,
        "tags": [text, ""],
        "details": {text: [text, None, 1.5, {}]},
    }


class WideBase(DeclarativeBase):
    """A table of its own."""


class Wide(WideBase):
    """More columns than a function of PostgreSQL takes arguments."""

    __tablename__ = "wide"

    id: Mapped[int] = mapped_column(primary_key=True)


COLUMNS = [f"c{number}" for number in range(2 * MOST_ARGUMENTS + 20)]
for column in COLUMNS:
    setattr(Wide, column, mapped_column(column, Integer, nullable=True))


@pytest.mark.parametrize("exclude_none", [False, True])
async def test_object_of_many_members(session: Session, exclude_none: bool) -> None:
    """In the order of the model."""
    await (await session.connection()).run_sync(WideBase.metadata.create_all)
    row = Wide(id=1, **{name: number for number, name in enumerate(COLUMNS) if number % 3})
    session.add(row)
    await session.flush()
    fields: Any = dict.fromkeys(["id", *reversed(COLUMNS)], (int | None, ...))
    model = create_model("WideRead", **fields)
    filled = model.model_validate(row, from_attributes=True)
    shown = await Reads(Wide, model, exclude_none=exclude_none).one(session)
    assert shown.body == filled.model_dump_json(exclude_none=exclude_none).encode()


class Nothing(BaseModel):
    """No fields at all."""


@pytest.mark.parametrize(
    ("fields", "full", "lean"),
    [
        ({"pages": (int | None, ...)}, b'{"pages":null}', b"{}"),
        ({"pages": (int | None, ...), "title": (str, ...)}, None, b'{"title":"Book 0"}'),
        ({"title": (str, ...), "pages": (int | None, ...)}, None, b'{"title":"Book 0"}'),
        ({"none": (str | None, None)}, b'{"none":null}', b"{}"),
        ({"author": (create_model("Born", died=(int | None, None)), ...)}, None, b'{"author":{}}'),
        ({"copies": (list[Nothing], ...)}, b'{"copies":[]}', b'{"copies":[]}'),
        ({"title": (str, Field(exclude=True))}, b"{}", b"{}"),
    ],
)
async def test_nulls_are_left_out_when_asked(
    session: Session, fields: Any, full: bytes | None, lean: bytes
) -> None:
    """Of the object itself and of those in it; commas stand between what is left."""
    await stock(session, 1)
    model = create_model("Lean", **fields)
    assert (await Reads(Book, model, exclude_none=True).one(session)).body == lean
    if full is not None:
        assert (await Reads(Book, model).one(session)).body == full


class Leaf(BaseModel):
    """The end."""

    model_config = ConfigDict(from_attributes=True)

    id: int


class RoomRead(BaseModel):
    """What else has a name."""

    name: str


class TestNested:
    """Objects in objects, and arrays of them."""

    async def test_three_levels(self, session: Session) -> None:
        """As Pydantic writes them."""
        books = await stock(session)
        shown = await Reads(Book, BookRead).list(session)
        assert shown.body == b"[%b]" % b",".join(written(BookRead, book) for book in books)

    async def test_array_has_the_order_of_the_relationship(self, session: Session) -> None:
        """And not that of the rows as they were written."""
        await hang(session)
        model = create_model("ArtistRead", paintings=(list[Title], ...))
        shown = await Reads(Artist, model).one(session, Artist.id == 1)
        assert shown.body == b'{"paintings":[{"title":"Viva"},{"title":"Deer"}]}'

    async def test_array_without_an_order_goes_by_primary_key(self, session: Session) -> None:
        """So that the same rows are the same bytes, and have the same tag."""
        await hang(session)
        model = create_model("Words", keywords=(list[Leaf], ...))
        shown = await Reads(Painting, model).one(session, Painting.id == 2)
        assert shown.body == b'{"keywords":[{"id":1},{"id":2}]}'

    async def test_object_that_is_not_there(self, session: Session) -> None:
        """Null where the model has a place for it; else the answer is Python's."""
        await hang(session)
        optional = create_model("Optional", room=(RoomRead | None, ...))
        assert (await Reads(Artist, optional).one(session, Artist.id == 2)).body == b'{"room":null}'
        required = create_model("Required", room=(RoomRead, ...))
        shown = await Reads(Artist, required).one(session, Artist.id == 1)
        assert shown.body == b'{"room":{"name":"Blue"}}'
        with pytest.raises(Exception, match="room"):
            await Reads(Artist, required).one(session, Artist.id == 2)

    async def test_value_over_two_relationships(self, session: Session) -> None:
        """By a path of attributes."""
        await hang(session)
        name = (str, Field(validation_alias=AliasPath("artist", "room", "name")))
        reads = Reads(Painting, create_model("Where", name=name))
        assert (await reads.one(session, Painting.id == 1)).body == b'{"name":"Blue"}'
        with pytest.raises(Exception, match="name"):
            await reads.one(session, Painting.id == 3)

    async def test_deleted_rows_stay_out_on_every_level(self, session: Session) -> None:
        """Unless they are asked for."""
        books = await stock(session)
        model = create_model("AuthorBooks", __base__=Shown, books=(list[Title], ...))
        deep = create_model("Deep", __base__=Shown, author=(model, ...))
        books[1].deleted_at = dt.datetime.now(dt.UTC)
        await session.flush()
        shown = await Reads(Book, deep).one(session, Book.id == books[0].id)
        assert shown.body == b'{"author":{"books":[{"title":"Book 0"},{"title":"Book 2"}]}}'
        everything = await Reads(Book, deep, include_deleted=True).one(session, Book.price == 1)
        assert everything.body == (
            b'{"author":{"books":[{"title":"Book 0"},{"title":"Book 1"},{"title":"Book 2"}]}}'
        )
        loaded = select(Author).options(selectinload(Author.books))
        (author,) = await session.scalars(include_deleted(loaded))
        assert everything.body == b'{"author":%b}' % written(model, author)

    async def test_deleted_object_is_not_there(self, session: Session) -> None:
        """Nor is what only its presence says."""
        books = await stock(session, 1)
        books[0].author.deleted_at = dt.datetime.now(dt.UTC)
        await session.flush()
        maybe: list[Any] = [Nothing | None, RoomRead | None]
        for nested in maybe:
            model = create_model("Maybe", author=(nested, ...))
            assert (await Reads(Book, model).one(session)).body == b'{"author":null}'


class TreeBase(DeclarativeBase):
    """A table of its own."""


class Node(TreeBase):
    """Leads to itself, by every sort of relationship."""

    __tablename__ = "nodes"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))

    parent: Mapped[Node | None] = relationship(remote_side="Node.id", back_populates="children")
    children: Mapped[list[Node]] = relationship(back_populates="parent", order_by="Node.id.desc()")
    eldest: Mapped[Node | None] = relationship(
        viewonly=True, uselist=False, order_by="Node.id", remote_side="Node.parent_id"
    )


class Grown(Leaf):
    """One level up, and down, and across."""

    parent: Leaf | None
    children: list[Leaf]


class Tree(Leaf):
    """Two."""

    parent: Grown | None
    children: list[Grown]
    eldest: Leaf | None


async def test_table_that_leads_to_itself(session: Session) -> None:
    """Each level under a name of its own, and the first of several where one is wanted."""
    await (await session.connection()).run_sync(TreeBase.metadata.create_all)
    session.add_all([Node(id=1), Node(id=2, parent_id=1), Node(id=3, parent_id=1)])
    session.add_all([Node(id=4, parent_id=2), Node(id=5, parent_id=2)])
    await session.flush()
    shown = json.loads(bytes((await Reads(Node, Tree).list(session)).body))
    two = {"id": 2, "parent": {"id": 1}, "children": [{"id": 5}, {"id": 4}]}
    three = {"id": 3, "parent": {"id": 1}, "children": []}
    assert shown[0] == {
        "id": 1,
        "parent": None,
        "children": [three, two],
        "eldest": {"id": 2},
    }
    assert shown[3]["parent"] == two


def test_plan_leaves_the_mapped_class_alone() -> None:
    """Writing SQL does not configure anything on it."""
    before = set(inspect(Painting).attrs.keys())
    Reads(Painting, create_model("Seen", title=(str, ...))).explain()
    assert set(inspect(Painting).attrs.keys()) == before
    assert ReadPlan.of(Painting, create_model("Seen", title=(str, ...))).kind == "compiled"
