"""Rows for the graph of the harbour, drawn with a shape and without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from hypothesis import strategies as st

from tests.reads.equivalence import harbour as h
from tests.reads.equivalence import values
from tests.reads.equivalence.kinds import Colour, Size

Row = dict[str, Any]
Rows = list[tuple[sa.Table, list[Row]]]
"""What to insert, in an order that foreign keys allow. Keys are names of columns' keys."""

_NAMES: Final = st.sampled_from(["a", "B", "é", 'q"u\\o', "100%", "😀", ""])
_DAYS: Final = st.sampled_from([dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date.max])
_MOMENTS: Final = st.sampled_from(
    [
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.datetime(1999, 12, 31, 23, 59, 59, 120000, tzinfo=dt.UTC),
    ]
)
_DELETED: Final = st.sampled_from([None, None, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)])


class Shore:
    """Draws rows one table after the other; a table refers to what was drawn before."""

    def __init__(self, draw: st.DrawFn, most: int) -> None:
        self.draw = draw
        self.most = most
        self.rows: Rows = []

    def one(self, strategy: st.SearchStrategy[Any]) -> Any:
        """Draw a value."""
        return self.draw(strategy)

    def some(self, of: list[Row]) -> Row | None:
        """Draw a row, or None; the first row most often, so that arrays hold several items."""
        return self.draw(st.sampled_from([*of[:1], *of, *of[:1], None]))

    def key(self, of: list[Row], name: str = "id") -> Any:
        """Draw the key of a row, or None."""
        row = self.some(of)
        return row and row[name]

    def table(self, mapped: Any, make: Callable[[int], Row]) -> list[Row]:
        """Draw the rows of a table."""
        count = self.draw(st.sampled_from([0, *range(1, self.most + 1), *range(2, self.most + 1)]))
        made = [make(number) for number in range(1, count + 1)]
        self.rows.append((mapped.__table__, made))
        return made


@st.composite
def cargoes(draw: st.DrawFn, most: int = 4) -> Rows:
    """Draw rows for all tables of the graph but the two with every kind of column."""
    shore = Shore(draw, most)
    harbours = _harbours(shore)
    people = _people(shore)
    ships = _ships(shore, harbours, people)
    _papers(shore, ships)
    _shifts(shore, ships, people)
    return shore.rows


def _harbours(shore: Shore) -> list[Row]:
    one = shore.one
    countries = shore.table(
        h.Country, lambda n: {"code": ("dk", "é", "x", "😀 ")[n % 4], "name": one(_NAMES)}
    )
    tags = shore.table(
        h.Tag,
        lambda n: {
            "id": n,
            "Tag %name": one(_NAMES),
            "colour": one(st.none() | st.sampled_from(Colour)),
            "deleted_at": one(_DELETED),
        },
    )
    harbours: list[Row] = []
    if countries:
        harbours = shore.table(h.Harbour, lambda n: _harbour(shore, n, countries))
    _berths(shore, harbours)
    _labels(shore, harbours, tags)
    return harbours


def _harbour(shore: Shore, number: int, countries: list[Row]) -> Row:
    one = shore.one
    return {
        "country_code": one(st.sampled_from([row["code"] for row in countries])),
        "number": number,
        'The "name"': one(_NAMES),
        "select": one(st.none() | values.money(8, 3)),
        "opened:at": one(st.none() | _MOMENTS),
        "notes": one(st.none() | _NAMES),
        "plan": one(st.sampled_from([{}, {"b": [1, None], "a": {"c": 1.5}}])),
        "secret": one(_NAMES),
        "deleted_at": one(_DELETED),
    }


def _place(shore: Shore, harbours: list[Row]) -> Row:
    """Draw both columns of the foreign key to a harbour."""
    row = shore.some(harbours)
    return {
        "country_code": row and row["country_code"],
        "harbour_number": row and row["number"],
    }


def _berths(shore: Shore, harbours: list[Row]) -> None:
    one = shore.one
    berths = shore.table(
        h.Berth,
        lambda n: {
            "id": n,
            **_place(shore, harbours),
            "rank": one(st.sampled_from([None, 1, 2])),
            "name": one(_NAMES),
            "deleted_at": one(_DELETED),
        },
    )
    for row in berths:
        row["parent_id"] = shore.key(berths)


def _labels(shore: Shore, harbours: list[Row], tags: list[Row]) -> None:
    pairs = [(harbour, tag) for harbour in harbours for tag in tags]
    chosen = shore.one(st.permutations(pairs))[: shore.one(st.integers(0, len(pairs)))]
    made = [
        {
            "country_code": harbour["country_code"],
            "harbour_number": harbour["number"],
            "tag_id": tag["id"],
            "place": place,
        }
        for place, (harbour, tag) in enumerate(chosen)
    ]
    shore.rows.append((_table(h.HarbourTag), made))


def _people(shore: Shore) -> list[Row]:
    one = shore.one
    people = shore.table(
        h.Person,
        lambda n: {
            "id": n,
            "kind": one(st.sampled_from(["person", "sailor", "captain", "captain"])),
            "name": one(_NAMES),
            "knots": one(st.sampled_from([None, 3])),
            "licence": one(st.none() | st.sampled_from(Size)),
            "deleted_at": one(_DELETED),
        },
    )
    for row in people:
        row["mentor_id"] = shore.key(people)
    return people


def _ships(shore: Shore, harbours: list[Row], people: list[Row]) -> list[Row]:
    one = shore.one
    ships = shore.table(
        h.Ship,
        lambda n: {
            "id": n,
            "kind": one(st.sampled_from(["ship", "ferry", "ferry", "tanker", "gas"])),
            "name": one(_NAMES),
            "tons": one(st.sampled_from([-1, 1000, 1001, 2**40])),
            **_place(shore, harbours),
        },
    )
    ferries = [
        {"id": row["id"], "passengers": one(values.USUAL), "captain_id": shore.key(people)}
        for row in ships
        if row["kind"] == "ferry"
    ]
    tankers = [
        {"tanker_id": row["id"], "volume": one(values.money(10, 1))}
        for row in ships
        if row["kind"] in {"tanker", "gas"}
    ]
    for row in tankers:
        row["twin_id"] = shore.key(tankers, "tanker_id")
    gas = [
        {
            "gas_id": row["id"],
            "pressure": one(st.none() | values.FLOAT),
            "deleted_at": one(_DELETED),
        }
        for row in ships
        if row["kind"] == "gas"
    ]
    shore.rows += [
        (_table(h.Ferry), ferries),
        (_table(h.Tanker), tankers),
        (_table(h.GasTanker), gas),
    ]
    return ships


def _papers(shore: Shore, ships: list[Row]) -> None:
    one = shore.one
    unpermitted = [None, *(row["id"] for row in ships)]

    def permit(number: int) -> Row:
        ship = one(st.sampled_from(unpermitted))
        if ship is not None:
            unpermitted.remove(ship)
        return {
            "id": number,
            "ship_id": ship,
            "größe": one(st.sampled_from(Size)),
            "n" * 60: one(st.none() | _NAMES),
            "lat": one(values.PLAIN_FLOAT),
            "lon": one(values.FLOAT),
        }

    shore.table(h.Permit, permit)
    shore.table(
        h.Entry,
        lambda n: {
            "id": n,
            "ship_id": shore.key(ships),
            "at": one(_MOMENTS),
            "text": one(values.TEXT),
        },
    )


def _shifts(shore: Shore, ships: list[Row], people: list[Row]) -> None:
    pairs = [(ship, person) for ship in ships for person in people]
    chosen = shore.one(st.permutations(pairs))[: shore.one(st.integers(0, min(5, len(pairs))))]
    made = [
        {
            "ship_id": ship["id"],
            "person_id": person["id"],
            "since": shore.one(_DAYS),
            "duty": shore.one(st.none() | _NAMES),
        }
        for ship, person in chosen
    ]
    shore.rows.append((_table(h.Shift), made))


def _table(mapped: Any) -> sa.Table:
    table: sa.Table = mapped.__table__
    return table


@st.composite
def specimens(
    draw: st.DrawFn, mapped: Any, readings: dict[str, Any], ships: list[Any], most: int = 3
) -> Rows:
    """Draw rows of a table with every kind of column; only columns that are read get a value."""
    table = _table(mapped)
    rows = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        row: Row = {"id": number, "ship_id": draw(st.sampled_from([None, *ships]))}
        for name, reading in readings.items():
            column = sa.inspect(mapped).column_attrs[name].columns[0]
            drawn = draw(st.none() | reading.values) if column.nullable else draw(reading.values)
            row[column.key] = drawn
        rows.append(row)
    return [(table, rows)]


def is_specimen(mapped: Any) -> bool:
    """Tell whether the class is one of the two with every kind of column."""
    return mapped in {h.Present, h.Absent}
