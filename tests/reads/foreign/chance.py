"""Made-up values, the same in every run, of the kinds that sample databases hold and hide.

There are quotes, backslashes, control characters, letters of other scripts, times with and
without microseconds, and NULL wherever a column allows it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Value = TypeVar("Value")
Rows = list[tuple[Any, ...]]

NAMES: Final = (
    "PENELOPE",
    "O'Hara",
    "Zoë",
    'Ed "Ace"',
    "Łukasz",
    "Ünal",
    "李",
    "Иван",
    "Back\\slash",
    "Tab\tTab",
    "Ña-Ñé",
    "🎬 Wood",
    "e\u0301",
    " ",
    "",
    "</script>",
)
WORDS: Final = (
    "ACADEMY",
    "Dinosaur",
    "of",
    "Shanghai's",
    "naïve",
    "\N{LINE SEPARATOR}",
    "50%",
    '"quoted"',
    "\x01\x1f\x7f",
    "C:\\temp",
    "Œuvre",
    "🦖",
    "line\nbreak",
    "{brace}",
    "null",
    "ﬁlm",
)
SPRING: Final = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)


class Chance:
    """Draws values of the kinds that the columns hold."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one_of(self, values: Sequence[Value]) -> Value:
        return self._random.choice(values)

    def some_of(self, values: Sequence[Value], most: int) -> list[Value]:
        return self._random.sample(values, self.number(0, most))

    def maybe(self, value: Value) -> Value | None:
        return None if self._random.random() < 0.2 else value

    def name(self) -> str:
        return f"{self.one_of(NAMES)}" + self.one_of(("", "", " ", "-")) + str(self.number(1, 99))

    def phrase(self, most: int) -> str:
        return " ".join(self.one_of(WORDS) for _ in range(self.number(1, most)))

    def money(self, cents: int) -> Decimal:
        return Decimal(self.one_of((0, 1, 10, 99, 100, 1000, self.number(0, cents)))).scaleb(-2)

    def moment(self, days: int = 200) -> dt.datetime:
        seconds = dt.timedelta(seconds=self.number(0, days * 86_400))
        return (
            SPRING + seconds + dt.timedelta(microseconds=self.one_of((0, 0, 1, 120_000, 999_999)))
        )

    def long_ago(self) -> dt.datetime:
        years = self.one_of((1, 33, 999, 1582, 1899, 1969, 1970, 2006, 2022, 9999))
        microseconds = self.one_of((0, 789_000))
        # A microsecond on either side asyncpg would send infinity.
        first = dt.datetime(years, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)
        last = dt.datetime(years, 12, 31, 23, 59, 59, 999_998, tzinfo=dt.UTC)
        return self.one_of((first, last, first.replace(hour=5, microsecond=microseconds)))

    def day(self) -> dt.date:
        days = self.number(1, (dt.date.max - dt.date.min).days - 1)
        return self.one_of((dt.date(2006, 2, 14), dt.date.min + dt.timedelta(days=days)))


def keys(count: int) -> range:
    """Return the keys of `count` rows."""
    return range(1, count + 1)
