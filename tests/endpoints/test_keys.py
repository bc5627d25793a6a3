"""Which column a path parameter means."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from fastgres.endpoints.keys import check_unique, key_columns, type_of
from fastgres.errors import ConfigurationError, UnknownNameError
from tests.models import Author, Book, Copy, Genre


class Shape(UserDefinedType[Any]):
    """A type of which SQLAlchemy knows nothing."""

    cache_ok = True


class Drawn(DeclarativeBase):
    """The base of nothing else."""

    __abstract__ = True


class Drawing(Drawn):
    """Has such a column."""

    __tablename__ = "drawings"

    shape: Mapped[Any] = mapped_column(Shape(), primary_key=True)


def columns(path: str, *names: str, model: type[Any] = Book, **options: Any) -> dict[str, str]:
    """Ask for the columns of a path with these parameters."""
    one = options.pop("one", True)
    return key_columns(model, path, names, given=options, one=one)


def test_parameter_named_like_a_column_is_that_column() -> None:
    assert columns("/{isbn}", "isbn") == {"isbn": "isbn"}


def test_parameter_that_is_left_is_the_primary_key() -> None:
    assert columns("/{author_id}/{book}", "author_id", "book") == {
        "author_id": "author_id",
        "book": "id",
    }


def test_said_column_goes_before_any_guess() -> None:
    assert columns("/{id}", "id", id="isbn") == {"id": "isbn"}
    assert columns("/{a}/{b}", "a", "b", a="id", b="title") == {"a": "id", "b": "title"}


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (["a", "b"], {}),
        (["a", "id"], {}),
        (["a"], {"one": False}),
        (["a"], {"model": Copy}),
    ],
)
def test_parameter_that_may_mean_anything_is_refused(names: list[str], options: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be told which rows are meant"):
        columns("/x", *names, **options)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'book_id'"):
        columns("/{book_id}", "book_id", book_ib="id")
    with pytest.raises(UnknownNameError, match="did you mean 'isbn'"):
        columns("/{book_id}", "book_id", book_id="isbm")


def test_type_is_the_one_of_the_column() -> None:
    assert type_of(Book, "id") is UUID
    assert type_of(Book, "genre") is Genre
    assert type_of(Copy, "number") is int


def test_column_without_a_python_type_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Write an ordinary handler"):
        type_of(Drawing, "shape")


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Book, ["id"]),
        (Book, ["isbn"]),
        (Book, ["author_id", "title"]),
        (Book, ["id", "genre"]),
        (Copy, ["book_id", "number"]),
        (Author, ["email"]),
    ],
)
def test_columns_of_a_key_or_constraint_select_one_row(model: type[Any], names: Any) -> None:
    check_unique(model, "/x", names)


@pytest.mark.parametrize(
    ("model", "names"),
    [(Book, []), (Book, ["title"]), (Book, ["author_id"]), (Copy, ["number"]), (Author, ["name"])],
)
def test_columns_that_several_rows_may_share_are_refused(model: type[Any], names: Any) -> None:
    with pytest.raises(ConfigurationError, match="which several rows may have"):
        check_unique(model, "/x", names)
