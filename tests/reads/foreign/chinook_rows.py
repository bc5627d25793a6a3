"""Rows for Chinook, the same in every run, half as many as the sample database has."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tests.reads.foreign.chance import Chance, keys
from tests.reads.foreign.chinook import Chinook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from tests.reads.foreign.chance import Rows

ARTISTS: Final = 275
ALBUMS: Final = 347
TRACKS: Final = 1_750
GENRES: Final = 25
MEDIA_TYPES: Final = 5
PLAYLISTS: Final = 18
EMPLOYEES: Final = 12
CUSTOMERS: Final = 59
INVOICES: Final = 412


def chinook_rows() -> Iterator[tuple[Table, Rows]]:
    """Yield each table with its rows, columns in the order of the table, parents first."""
    chance = Chance(1_4_5)
    rows = {**_music(chance), **_people(chance), **_sales(chance)}
    for name, records in rows.items():
        yield Chinook.metadata.tables[f"Media.{name}"], records


def _music(chance: Chance) -> dict[str, Rows]:
    return {
        "Artist": [(key, chance.maybe(chance.name())) for key in keys(ARTISTS)],
        "Album": [
            # The last artist has no album, the last album no track.
            (key, chance.phrase(5), chance.number(1, ARTISTS - 1))
            for key in keys(ALBUMS)
        ],
        "Genre": [(key, chance.maybe(chance.phrase(2))) for key in keys(GENRES)],
        "MediaType": [(key, f"{chance.name()} audio file") for key in keys(MEDIA_TYPES)],
        "Track": [
            (
                key,
                chance.phrase(6),
                chance.maybe(chance.number(1, ALBUMS - 1)),
                chance.number(1, MEDIA_TYPES),
                chance.maybe(chance.number(1, GENRES - 1)),
                chance.maybe(f"{chance.name()}, {chance.name()}"),
                chance.one_of((0, 1_071, 2**31 - 1, chance.number(0, 10**7))),
                chance.maybe(chance.number(-(2**31), 2**31 - 1)),
                Decimal(chance.one_of(("0.99", "1.99", "0.00", "-0.01", "99999999.99", "1e3"))),
            )
            for key in keys(TRACKS)
        ],
        "Playlist": [(key, chance.maybe(chance.name())) for key in keys(PLAYLISTS)],
        "PlaylistTrack": [
            (playlist, track)
            for playlist in keys(PLAYLISTS - 1)
            for track in chance.some_of(keys(TRACKS), 200)
        ],
    }


def _contact(chance: Chance) -> tuple[Any, ...]:
    return (
        chance.maybe(chance.phrase(3)),
        chance.maybe(chance.name()),
        chance.one_of((None, "", "AB")),
        chance.maybe(chance.name()),
        chance.maybe(f"T2P {chance.number(1, 99)}"),
        chance.maybe(f"+1 ({chance.number(100, 999)}) 262-3443"),
        chance.maybe("+1 (403) 262-3322"),
    )


def _people(chance: Chance) -> dict[str, Rows]:
    return {
        "Employee": [
            (
                key,
                chance.name(),
                chance.name(),
                chance.maybe("Sales Support Agent"),
                None if key in {1, EMPLOYEES} else chance.number(1, key - 1),
                chance.maybe(chance.long_ago().replace(tzinfo=None)),
                chance.maybe(chance.long_ago().replace(tzinfo=None)),
                chance.maybe(f"{key}@chinookcorp.com"),
                *_contact(chance),
            )
            for key in keys(EMPLOYEES)
        ],
        "Customer": [
            (
                key,
                chance.name(),
                chance.name(),
                chance.maybe(chance.phrase(2)),
                f"{key}@example.org",
                chance.maybe(chance.number(1, EMPLOYEES - 1)),
                *_contact(chance),
            )
            for key in keys(CUSTOMERS)
        ],
    }


def _sales(chance: Chance) -> dict[str, Rows]:
    invoices = [
        (
            key,
            chance.number(1, CUSTOMERS - 1),
            chance.moment(days=1_800).replace(tzinfo=None),
            *_contact(chance)[:4],
            chance.maybe("T6G 2C7"),
            chance.money(9_999_999_999),
        )
        for key in keys(INVOICES)
    ]
    lines = [
        (chance.number(1, INVOICES - 1), chance.number(1, TRACKS), chance.money(199), quantity)
        for _ in range(INVOICES)
        for quantity in chance.some_of((0, 1, 2, 3, 2**31 - 1), 5)
    ]
    return {
        "Invoice": invoices,
        "InvoiceLine": [(key, *line) for key, line in enumerate(lines, start=1)],
    }
