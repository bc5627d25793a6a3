"""A case: a model over a class, the rows of all tables, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from hypothesis import strategies as st
from pydantic import create_model

from tests.reads.equivalence import harbour as h
from tests.reads.equivalence.cargo import Rows, cargoes, specimens
from tests.reads.equivalence.draft import Pen, Schema
from tests.reads.equivalence.kinds import KINDS, Reading
from tests.reads.equivalence.schemas import schemas

SPECIMENS: Final[tuple[type[Any], ...]] = (h.Present, h.Absent)
GRAPH: Final[tuple[type[Any], ...]] = (
    *(h.Country, h.Harbour, h.Harbour, h.Berth, h.Tag, h.HarbourTag, h.Person, h.Sailor),
    *(h.Captain, h.Ship, h.Ship, h.Ferry, h.Tanker, h.GasTanker, h.Shift, h.Permit, h.Entry),
    h.Tonnage,
)
SESSIONS: Final[tuple[dict[str, str], ...]] = (
    *({},) * 3,
    {"TimeZone": "America/St_Johns", "DateStyle": "German, DMY", "extra_float_digits": "3"},
    {"IntervalStyle": "sql_standard", "bytea_output": "escape", "xmlbinary": "hex"},
)
"""Settings of the server that change how values look as text."""

_SESSIONS: Final = st.sampled_from([tuple(each.items()) for each in SESSIONS])


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """What is read, from what."""

    schema: Schema
    rows: Rows
    include_deleted: bool = False
    exclude_none: bool = False
    session: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Write the case without what is empty."""
        rows = [f"{table.name}: {row!r}" for table, some in self.rows for row in some]
        options = f"{self.options!r} {dict(self.session)!r}"
        return "\n".join([f"Case {options}", repr(self.schema), *rows])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Write it for Hypothesis, which otherwise writes every column of every table."""
        printer.text(repr(self))

    @property
    def options(self) -> dict[str, bool]:
        """The options that a reader takes."""
        return {"include_deleted": self.include_deleted, "exclude_none": self.exclude_none}


@st.composite
def cases(draw: st.DrawFn, roots: tuple[type[Any], ...], odd: int, depth: int) -> Case:
    """Draw a case; `odd` of a hundred choices may keep the model from being compiled."""
    pen = Pen(odd=odd, include_deleted=draw(st.booleans()))
    schema = draw(schemas(draw(st.sampled_from(roots)), pen, depth))
    rows = draw(cargoes(4 if schema.nested or schema.source not in SPECIMENS else 0))
    ships = [row["id"] for table, some in rows if table is h.Ship.__table__ for row in some]
    for mapped in SPECIMENS:
        if mapped is schema.source or _reaches(schema, mapped):
            rows = [*rows, *draw(specimens(mapped, _readings(pen, mapped), ships))]
    return Case(
        schema=schema,
        rows=rows,
        include_deleted=pen.include_deleted,
        exclude_none=draw(st.booleans()),
        session=draw(_SESSIONS),
    )


@st.composite
def reading_cases(draw: st.DrawFn, name: str, reading: Reading) -> Case:
    """Draw a case of one column read in one way, null or not."""
    mapped = draw(st.sampled_from(SPECIMENS))
    rows = draw(specimens(mapped, {name: reading}, [], most=6))
    return Case(
        _schema_of_one(mapped, name, reading),
        rows,
        exclude_none=draw(st.booleans()),
        session=draw(_SESSIONS),
    )


@st.composite
def widest_cases(draw: st.DrawFn, mapped: type[Any]) -> Case:
    """Draw rows for a model that reads every column which can compile."""
    readings = {name: kind.plain[0] for name, kind in KINDS.items() if kind.plain}
    schema: Schema = _widest(mapped)  # type: ignore[arg-type]  # classes are hashable
    return Case(schema, draw(specimens(mapped, readings, [], most=2)))


@lru_cache(maxsize=2)
def _widest(mapped: type[Any]) -> Schema:
    plain = {name: kind.plain[0].annotation for name, kind in KINDS.items() if kind.plain}
    may_miss = mapped is h.Absent
    fields = {
        name: (each | None if may_miss and each is not Any else each, ...)
        for name, each in plain.items()
    }
    make: Any = create_model
    return Schema(
        source=mapped,
        model=make("WidestRead", **fields),
        attributes=tuple(fields),
        nested=(),
        plain=True,
        refusing=False,
        json=True,
        unordered=False,
    )


@lru_cache(maxsize=1024)
def _schema_of_one(mapped: type[Any], name: str, reading: Reading) -> Schema:
    """Make a model of one field, the same one each time, as it is costly to compile."""
    kind = KINDS[name]
    optional = mapped is h.Absent and reading.annotation is not Any
    annotation = reading.annotation | None if optional else reading.annotation
    make: Any = create_model
    return Schema(
        source=mapped,
        model=make("OneRead", **{name: (annotation, ...)}),
        attributes=(name,),
        nested=(),
        plain=any(reading is each for each in kind.plain),
        refusing=reading.refusing,
        json=kind.json,
        unordered=False,
    )


def _reaches(schema: Schema, mapped: type[Any]) -> bool:
    return any(
        each.schema.source is mapped or _reaches(each.schema, mapped) for each in schema.nested
    )


def _readings(pen: Pen, mapped: type[Any]) -> dict[str, Any]:
    """Return how the columns of the catalogue are read that a field was drawn for."""
    columns = sa.inspect(mapped).column_attrs
    return {
        name: reading
        for (source, name), reading in pen.readings.items()
        if source is mapped and "kind" in getattr(columns[name].columns[0], "info", {})
    }
