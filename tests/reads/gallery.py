"""A gallery whose classes are mapped in every way that SQLAlchemy knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Column, ForeignKey, Numeric, String, Table, TypeDecorator, join, select
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    aliased,
    column_property,
    composite,
    mapped_column,
    relationship,
    synonym,
)

if TYPE_CHECKING:
    from fastgres.db import Session


class GalleryBase(DeclarativeBase):
    """Tables of their own."""


class Loud(TypeDecorator[str]):
    """Text that Python makes loud when it is read."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value and value.upper()


class Plain(TypeDecorator[str]):
    """Text that is converted on its way in alone."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value and value.strip()


@dataclass
class Size:
    """Two columns put together."""

    width: int | None
    height: int | None


painting_keywords = Table(
    "painting_keywords",
    GalleryBase.metadata,
    Column("painting_id", ForeignKey("paintings.id"), primary_key=True),
    Column("keyword_id", ForeignKey("keywords.id"), primary_key=True),
)


class Keyword(GalleryBase):
    """Many to many."""

    __tablename__ = "keywords"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str]


class Room(GalleryBase):
    """The far end of two steps."""

    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Artist(GalleryBase):
    """Relationships of every loading strategy."""

    __tablename__ = "artists"

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[str]
    last: Mapped[str | None]
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id"))

    room: Mapped[Room | None] = relationship()
    paintings: Mapped[list[Painting]] = relationship(
        back_populates="artist", order_by="Painting.title.desc()"
    )
    queried: DynamicMapped[Painting] = relationship(viewonly=True)
    written: WriteOnlyMapped[Painting] = relationship(viewonly=True)
    unordered: Mapped[set[Painting]] = relationship(viewonly=True, collection_class=set)


class Painting(GalleryBase):
    """Attributes of every kind."""

    __tablename__ = "paintings"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    width: Mapped[int | None]
    height: Mapped[int | None]
    signature: Mapped[str | None] = mapped_column(Loud)
    note: Mapped[str | None] = mapped_column(Plain)
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSON)
    artist_id: Mapped[int] = mapped_column(ForeignKey("artists.id"))

    artist: Mapped[Artist] = relationship(back_populates="paintings")
    keywords: Mapped[list[Keyword]] = relationship(secondary=painting_keywords)
    words: AssociationProxy[list[str]] = association_proxy("keywords", "word")
    size: Mapped[Size] = composite("width", "height")
    name: Mapped[str] = synonym("title")

    hung = False

    @hybrid_property
    def area(self) -> int | None:
        """In SQL as in Python."""
        return self.width * self.height  # type: ignore[operator]  # both or none

    @hybrid_property
    def caption(self) -> str:
        """Of which there is no SQL."""
        return f"{self.title}!" if self.title else ""

    @property
    def initial(self) -> str:
        """Python's alone."""
        return self.title[0]

    def describe(self) -> str:
        """Be no attribute that a model means."""
        return self.title


Painting.doubled = column_property(Painting.width * 2)
famous = aliased(Artist, select(Artist).where(Artist.last.is_not(None)).subquery())
Painting.famous_artist = relationship(
    famous, primaryjoin=famous.id == Painting.artist_id, viewonly=True
)
both = join(painting_keywords, Keyword, painting_keywords.c.keyword_id == Keyword.id)
Painting.detour = relationship(
    Keyword,
    secondary=both,
    primaryjoin=Painting.id == both.c.painting_keywords_painting_id,
    secondaryjoin=Keyword.id == both.c.painting_keywords_keyword_id,
    viewonly=True,
)


async def hang(session: Session) -> None:
    """Make the tables, and hang two paintings of one artist and one of another."""
    await (await session.connection()).run_sync(GalleryBase.metadata.create_all)
    frida = Artist(id=1, first="Frida", last="Kahlo", room=Room(id=1, name="Blue"))
    nobody = Artist(id=2, first="Nobody", last=None, room=None)
    fruit, deer = Keyword(id=1, word="fruit"), Keyword(id=2, word="deer")
    session.add_all(
        [
            Painting(
                id=1,
                title="Viva",
                price=Decimal("10.50"),
                width=2,
                height=3,
                signature="f.k.",
                artist=frida,
                keywords=[fruit],
            ),
            Painting(id=2, title="Deer", artist=frida, keywords=[deer, fruit]),
            Painting(id=3, title="Untitled", artist=nobody),
        ]
    )
    await session.flush()
