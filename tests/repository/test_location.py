"""The path of a row that was made."""

from __future__ import annotations

import pytest

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.repository.location import location_of
from tests.models import Author, Genre


def test_columns_are_escaped_and_texts_are_not() -> None:
    """What a URL means stays, what a value holds is data."""
    location = location_of(Author, "/authors/{id}?name={name}&{{x}}")
    assert location.columns == ("id", "name")
    assert location.filled(["a/b", "ü&=?"]) == "/authors/a%2Fb?name=%C3%BC%26%3D%3F&%7Bx%7D"


def test_an_enum_is_its_value() -> None:
    """As in the JSON."""
    assert location_of(Author, "/{name}").filled([Genre.NOVEL]) == "/novel"


@pytest.mark.parametrize("pattern", ["/{id:04}", "/{id!r}", "/{id", "/}"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    """Before anything is written."""
    with pytest.raises(ConfigurationError, match="is no path with columns in it"):
        location_of(Author, pattern)


@pytest.mark.parametrize("pattern", ["/{idd}", "/{}", "/{0}", "/{id.hex}"])
def test_what_is_no_column_is_refused(pattern: str) -> None:
    """Saying which one was meant."""
    with pytest.raises(UnknownNameError):
        location_of(Author, pattern)
