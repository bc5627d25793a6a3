"""The `Location` of a row that was made: a path with the row's columns in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from string import Formatter
from typing import Any, Final
from urllib.parse import quote

from fastgres.errors import ConfigurationError
from fastgres.repository.columns import check_names

_OF_URLS: Final = ":/%#?=@[]!$&'()*+,;"
"""Characters that mean something in a URL, and stay as they are written."""


@dataclass(frozen=True, slots=True)
class Location:
    """A pattern such as `/customers/{id}`: its texts, and the columns between them."""

    texts: tuple[str, ...]
    columns: tuple[str, ...]

    def filled(self, values: Sequence[Any]) -> str:
        """Return the location with these values of the columns, escaped where a URL needs it."""
        pieces = [self.texts[0]]
        for value, text in zip(values, self.texts[1:], strict=True):
            plain = value.value if isinstance(value, Enum) else value
            pieces += [quote(str(plain), safe=""), text]
        return "".join(pieces)


@lru_cache(maxsize=1024)
def location_of(model: type[Any], pattern: str) -> Location:
    """Take a pattern apart; `ConfigurationError` for names that are no columns of the class."""
    texts, columns = [""], []
    for text, name, spec, conversion in _parsed(pattern):
        texts[-1] += quote(text, safe=_OF_URLS)
        if name is not None:
            if spec or conversion:
                raise _malformed(pattern)
            columns.append(name)
            texts.append("")
    check_names(model, columns)
    return Location(tuple(texts), tuple(columns))


def _parsed(pattern: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(pattern))
    except ValueError as error:
        raise _malformed(pattern) from error


def _malformed(pattern: str) -> ConfigurationError:
    return ConfigurationError(
        f"location={pattern!r} is no path with columns in it: only `{{column}}` is filled in, so "
        "that the header would be wrong. Write it as in '/customers/{id}'."
    )
