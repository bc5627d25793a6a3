"""A small library of books: one column of every kind, one constraint of every kind.

All tables have a metadata of their own, so that the tests of fastgres and the models of the
example shop do not see each other.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fastgres.db import Base, SoftDelete, Timestamps, UUIDv7Key, text_enum

metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class LibraryBase(Base):
    """The base of all models here."""

    __abstract__ = True
    metadata = metadata


class Genre(StrEnum):
    """Stored as text with a CHECK."""

    NOVEL = "novel"
    POETRY = "poetry"
    ESSAY = "essay"


class Binding(StrEnum):
    """Stored as an enum type of PostgreSQL."""

    HARDCOVER = "hardcover"
    PAPERBACK = "paperback"


def _values(members: type[StrEnum]) -> list[str]:
    return [member.value for member in members]


class Author(UUIDv7Key, Timestamps, SoftDelete, LibraryBase):
    """Soft-deleted; the email is unique among the living."""

    __tablename__ = "authors"
    __table_args__ = (
        Index("uq_authors_email", "email", unique=True, postgresql_where="deleted_at IS NULL"),
    )

    name: Mapped[str]
    email: Mapped[str]
    born: Mapped[dt.date | None]

    books: Mapped[list[Book]] = relationship(back_populates="author", order_by="Book.title")


class Book(UUIDv7Key, Timestamps, SoftDelete, LibraryBase):
    """Every kind of column; `isbn` is unique, `price` checked, `author_id` a foreign key."""

    __tablename__ = "books"
    __table_args__ = (
        UniqueConstraint("isbn"),
        UniqueConstraint("author_id", "title"),
        CheckConstraint("price > 0", name="price_positive"),
    )

    author_id: Mapped[UUID] = mapped_column(
        ForeignKey("authors.id", ondelete="RESTRICT"), index=True
    )
    title: Mapped[str]
    isbn: Mapped[str]
    genre: Mapped[Genre] = mapped_column(
        text_enum(Genre),
        server_default=Genre.NOVEL.value,
    )
    binding: Mapped[Binding] = mapped_column(
        Enum(Binding, name="binding", values_callable=_values),
        server_default=Binding.PAPERBACK.value,
    )
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    pages: Mapped[int | None]
    rating: Mapped[float | None]
    in_print: Mapped[bool] = mapped_column(server_default="true")
    tags: Mapped[list[str]] = mapped_column(server_default="{}", default=list)
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    cover: Mapped[bytes | None]
    published_at: Mapped[dt.datetime | None]

    author: Mapped[Author] = relationship(back_populates="books")
    copies: Mapped[list[Copy]] = relationship(
        back_populates="book", order_by="Copy.number", cascade="all, delete-orphan"
    )


class Copy(LibraryBase):
    """A composite primary key: the number of a copy counts within its book."""

    __tablename__ = "copies"

    book_id: Mapped[UUID] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shelf: Mapped[str]

    book: Mapped[Book] = relationship(back_populates="copies")


class Loan(UUIDv7Key, Timestamps, LibraryBase):
    """A composite foreign key, and an exclusion: two loans of a reader do not overlap."""

    __tablename__ = "loans"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "copy_number"], ["copies.book_id", "copies.number"]),
        ExcludeConstraint(("period", "&&"), name="excl_loans_period"),
    )

    book_id: Mapped[UUID]
    copy_number: Mapped[int]
    reader: Mapped[str]
    period: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE())


class Counter(LibraryBase):
    """A primary key that the server makes, and nothing else that could stand in the way."""

    __tablename__ = "counters"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(server_default="0", default=0)
