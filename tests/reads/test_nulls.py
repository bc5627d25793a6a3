"""Fields that a null in the database would break, told before there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.exceptions import ResponseValidationError
from pydantic import AliasPath, Field
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from fastgres.reads import ReadPlan, Reads
from fastgres.reads.nulls import unguarded
from tests.models import Book
from tests.reads.shelf import BookRead, LoudTitle, Shown, stock

if TYPE_CHECKING:
    from fastgres.db import Session


class Foreign(DeclarativeBase):
    """An application's own base."""


class Owner(Foreign):
    """Has a nickname, perhaps."""

    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    nick: Mapped[str | None]


class Pet(Foreign):
    """Has an owner, perhaps."""

    __tablename__ = "pets"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
    keeper_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    owner: Mapped[Owner | None] = relationship(foreign_keys=owner_id)
    keeper: Mapped[Owner] = relationship(foreign_keys=keeper_id)


class OwnerRead(Shown):
    """Requires what may be missing."""

    name: str
    nick: str


class PetRead(Shown):
    """Requires what may be missing, at every level and by every way."""

    owner: OwnerRead
    keeper: OwnerRead
    owner_name: str = Field(validation_alias=AliasPath("owner", "name"))
    keeper_name: str = Field(validation_alias=AliasPath("keeper", "name"))
    keeper_nick: str = Field("none", validation_alias=AliasPath("keeper", "nick"))


class Careful(Shown):
    """Allows it."""

    owner: OwnerRead | None = Field(exclude=True)
    owner_id: int | None
    id: int


def test_each_field_is_told_with_what_may_be_missing() -> None:
    told = {each.field: each.why for each in unguarded(ReadPlan.of(Pet, PetRead))}
    assert told == {
        "owner": "is required by PetRead, and Pet.owner_id may be NULL",
        "owner.nick": "is required by OwnerRead, and Owner.nick may be NULL",
        "keeper.nick": "is required by OwnerRead, and Owner.nick may be NULL",
        "owner_name": "is required by PetRead, and Pet.owner_id may be NULL",
        "keeper_nick": "is required by PetRead, and Owner.nick may be NULL",
    }


@pytest.mark.parametrize(("mapped", "model"), [(Pet, Careful), (Book, BookRead), (Book, LoudTitle)])
def test_what_the_model_allows_is_none(mapped: Any, model: Any) -> None:
    assert unguarded(ReadPlan.of(mapped, model)) == ()


class Counted(Shown):
    """Books need no number of pages."""

    title: str
    pages: int


@pytest.mark.parametrize("loaded", [False, True], ids=["compiled", "loaded"])
async def test_it_is_an_error_as_soon_as_there_is_one(session: Session, *, loaded: bool) -> None:
    """Whoever reads it; the plan is the same as of any other model."""
    books = Reads(Book, Counted, force_loaded=loaded)
    assert [each.field for each in unguarded(books.plan)] == ["pages"]
    await stock(session, 1, pages=7)
    assert (await books.first(session)).body == b'{"title":"Book 0","pages":7}'
    (book,) = (await session.scalars(select(Book))).all()
    book.pages = None
    await session.flush()
    with pytest.raises(ResponseValidationError, match="pages"):
        await books.first(session)
