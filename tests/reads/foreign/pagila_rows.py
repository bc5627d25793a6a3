"""Rows for Pagila, the same in every run, half as many as the sample database has."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from tests.reads.foreign.chance import Chance, keys
from tests.reads.foreign.pagila import Pagila, Rating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from tests.reads.foreign.chance import Rows

COUNTRIES: Final = 109
CITIES: Final = 600
ADDRESSES: Final = 603
CUSTOMERS: Final = 599
FILMS: Final = 600
ACTORS: Final = 200
STORES: Final = 3
STAFF: Final = 8
COPIES: Final = 800
RENTALS: Final = 2_000

BEGINNING: Final = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
ENDLESS: Final = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)
FEATURES: Final = (
    "Trailers",
    "Commentaries",
    "Deleted Scenes",
    'Behind, "the" Scenes',
    "NULL",
    "{}",
    "",
    "ö\\n",
)
LANGUAGES: Final = ("English", "Italiano", "日本語", "Mandarin", "Français", "Português (Brasil)  ")
CATEGORIES: Final = (
    "Action",
    "Animation",
    "Children",
    "Classics",
    "Comedy",
    "Documentary",
    "Drama",
    "Family",
    "Foreign",
    "Games",
    "Horror",
    "Music",
    "New",
    "Sci-Fi",
    "Sports",
    "Travel & 'Food'",
)


def pagila_rows() -> Iterator[tuple[Table, Rows]]:
    """Yield each table with its rows, columns in the order of the table."""
    chance = Chance(2022)
    rows = {
        **_places(chance),
        **_shops(chance),
        **_films(chance),
        **_trade(chance),
    }
    for name, records in rows.items():
        yield Pagila.metadata.tables[name], records


def _places(chance: Chance) -> dict[str, Rows]:
    return {
        "country": [(key, chance.name(), chance.long_ago()) for key in keys(COUNTRIES)],
        "city": [
            # The last country has no city, the last city no address.
            (key, chance.name(), chance.number(1, COUNTRIES - 1), chance.moment())
            for key in keys(CITIES)
        ],
        "address": [
            (
                key,
                f"{chance.number(1, 1999)} {chance.phrase(3)}",
                chance.one_of((None, "", chance.phrase(2))),
                chance.name(),
                chance.number(1, CITIES - 1),
                chance.maybe(f"{chance.number(0, 99999):05}"),
                chance.one_of(("", f"{chance.number(10**9, 10**12)}")),
                chance.moment(),
            )
            for key in keys(ADDRESSES)
        ],
    }


def _shops(chance: Chance) -> dict[str, Rows]:
    # The last store employs nobody but is managed; managers work where they work.
    return {
        "store": [(key, key, chance.number(1, ADDRESSES), chance.moment()) for key in keys(STORES)],
        "staff": [
            (
                key,
                chance.name(),
                chance.name(),
                chance.number(1, ADDRESSES),
                chance.maybe(f"{key}@sakilastaff.com"),
                1 + key % (STORES - 1),
                key % 3 != 0,
                f"user{key}",
                chance.maybe("8cb2237d0679ca88db6464eac60da96345513964"),
                # Infinity and its opposite, which asyncpg takes the extremes of Python for.
                chance.one_of((chance.moment(), ENDLESS, BEGINNING)),
                chance.one_of((None, b"", "Mächtig\n".encode())),
            )
            for key in keys(STAFF)
        ],
        "customer": [
            (
                key,
                chance.number(1, STORES - 1),
                chance.name(),
                chance.name(),
                chance.maybe(f"{key}@sakilacustomer.org"),
                chance.number(1, ADDRESSES),
                chance.one_of((True, False)),
                chance.day(),
                chance.maybe(chance.long_ago()),
                chance.one_of((None, 0, 1)),
            )
            for key in keys(CUSTOMERS)
        ],
    }


def _films(chance: Chance) -> dict[str, Rows]:
    films = [
        (
            key,
            chance.phrase(4),
            chance.maybe(chance.phrase(12)),
            chance.one_of((None, 1901, 2006, 2155)),
            chance.number(1, len(LANGUAGES) - 1),
            chance.one_of((None, chance.number(1, len(LANGUAGES)))),
            chance.number(1, 7),
            chance.money(9_999),
            chance.maybe(chance.number(0, 32_767)),
            chance.money(99_999),
            chance.maybe(chance.one_of([rating.value for rating in Rating])),
            chance.moment(),
            chance.maybe(chance.some_of(FEATURES, 4)),
        )
        for key in keys(FILMS)
    ]
    return {
        "language": [(key, name, chance.moment()) for key, name in enumerate(LANGUAGES, start=1)],
        "category": [(key, name, chance.moment()) for key, name in enumerate(CATEGORIES, start=1)],
        "actor": [(key, chance.name(), chance.name(), chance.moment()) for key in keys(ACTORS)],
        "film": films,
        "film_actor": [
            (actor, film, chance.moment(days=1))
            for film in keys(FILMS)
            for actor in chance.some_of(keys(ACTORS - 1), 10)
        ],
        "film_category": [
            (film, category, chance.moment())
            for film in keys(FILMS)
            for category in chance.some_of(keys(len(CATEGORIES) - 1), 2)
        ],
        "inventory": [
            (key, chance.number(1, FILMS), chance.number(1, STORES), chance.moment())
            for key in keys(COPIES)
        ],
    }


def _trade(chance: Chance) -> dict[str, Rows]:
    rentals = []
    payments = []
    for key in keys(RENTALS):
        customer, staff, out = (
            chance.number(1, CUSTOMERS - 1),
            chance.number(1, STAFF),
            chance.moment(),
        )
        back = chance.maybe(out + dt.timedelta(days=chance.number(1, 9), microseconds=key % 3))
        copy = chance.number(1, COPIES)
        rentals.append((key, out, copy, customer, back, staff, chance.moment()))
        payments += [
            (out, 2 * key + part, customer, staff, key, chance.money(1_199))
            for part in range(chance.number(0, 2))
        ]
    return {"rental": rentals, "payment": payments}
