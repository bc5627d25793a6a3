"""Tables that nobody would think of: one to four, with drawn keys, columns and relationships."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import registry, relationship

from fastgres.db import SoftDelete
from tests.reads.equivalence import values
from tests.reads.equivalence.cargo import Row, Rows
from tests.reads.equivalence.cases import SESSIONS, Case
from tests.reads.equivalence.draft import Pen
from tests.reads.equivalence.kinds import KINDS
from tests.reads.equivalence.schemas import schemas

_NAMES: Final = (
    *("page", "turned", "body", "item", "key_0", "anon_1", "select", "user", "order", "name"),
    *("value", "CamelCase", "ünï", "t", "array", "x1", "x2", "x3", "x4", "x5"),
)
"""Names of attributes and tables: words of SQL, and what a writer of SQL may call its own."""

_COLUMN_NAMES: Final = (*_NAMES, "with space", 'quo"te', "per%cent", "co:lon", "$1", "a" * 63, "A")
_KEYS: Final[dict[str, tuple[Any, Any]]] = {
    "number": (sa.Integer, values.USUAL),
    "uuid": (sa.Uuid, st.uuids()),
    "word": (sa.Text, values.TEXT),
    "day": (sa.Date, st.dates()),
}
_KINDS = sorted(set(KINDS) - {"size"})
"""All but the one with a CHECK, whose name a table can have only once."""

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key to another table, or to its own: its columns in the order of that key."""

    target: sa.Table
    columns: tuple[str, ...]
    nullable: bool


@dataclass(slots=True, repr=False)
class Workshop:
    """Tables and classes in the making; each example has a schema of its own."""

    draw: st.DrawFn
    registry: registry = field(default_factory=registry)
    schema: str = field(default_factory=lambda: f"invented {next(_NUMBERS)}")
    classes: list[type[Any]] = field(default_factory=list)
    links: dict[sa.Table, list[Link]] = field(default_factory=dict)
    pairs: list[tuple[sa.Table, sa.Table, sa.Table]] = field(default_factory=list)

    def __repr__(self) -> str:
        """Write the tables and what relates them."""
        tables = [
            f"{table.name}: {[(each.name, each.type) for each in table.c]}" for table in self.tables
        ]
        related = [
            f"{mapped.__name__}: {dict(sa.inspect(mapped).relationships)}"
            for mapped in self.classes
        ]
        return "\n".join(["Tables", *tables, *related, ""])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Write it for Hypothesis."""
        printer.text(repr(self))

    @property
    def tables(self) -> list[sa.Table]:
        """The tables, in an order in which they can be made and filled."""
        return list(self.registry.metadata.sorted_tables)

    def names(self, offered: tuple[str, ...], least: int, most: int) -> list[str]:
        """Draw different names."""
        strategy = st.lists(st.sampled_from(offered), min_size=least, max_size=most, unique=True)
        return self.draw(strategy)

    def invent(self) -> None:
        """Draw tables, then classes, then what relates them, and map it all."""
        tables = [self._table(name) for name in self.names(_NAMES, 1, 4)]
        properties = {table: self._attributes(table) for table in tables}
        classes = {table: self._class(table) for table in tables}
        for table in tables:
            for link in self.links[table]:
                self._relate(classes, properties, table, link)
        if self.draw(st.booleans()):
            self._pair(classes, properties)
        for table, mapped in classes.items():
            self.registry.map_imperatively(mapped, table, properties=properties[table])
        self.registry.configure()
        self.classes = list(classes.values())

    def _table(self, name: str) -> sa.Table:
        table = sa.Table(name, self.registry.metadata, schema=self.schema)
        keys = self.draw(
            st.lists(st.sampled_from(sorted(_KEYS)), min_size=1, max_size=2, unique=True)
        )
        for key in keys:
            table.append_column(
                sa.Column(f"by_{key}", _KEYS[key][0], primary_key=True, autoincrement=False)
            )
        for column in self.names(_COLUMN_NAMES, 1, 4):
            table.append_column(self._column(column))
        known = [each for each in self.registry.metadata.tables.values() if each in self.links]
        self.links[table] = []
        for number in range(self.draw(st.integers(0, 2))):
            self._link(table, self.draw(st.sampled_from([table, *known])), number)
        if self.draw(st.booleans()):
            table.append_column(sa.Column("deleted_at", sa.DateTime(timezone=True)))
        return table

    def _column(self, name: str) -> sa.Column[Any]:
        kind = self.draw(st.sampled_from(_KINDS))
        nullable = self.draw(st.booleans())
        return sa.Column(
            name,
            KINDS[kind].type,
            nullable=nullable,
            server_default=None if nullable else sa.text(KINDS[kind].empty),
            info={"kind": kind},
        )

    def _link(self, table: sa.Table, target: sa.Table, number: int) -> None:
        nullable = target is table or self.draw(st.booleans())
        names = [f"link_{number}_{place}" for place, _ in enumerate(target.primary_key.columns)]
        for name, key in zip(names, target.primary_key.columns, strict=True):
            table.append_column(sa.Column(name, key.type, nullable=nullable))
        deferred: dict[str, Any] = {"deferrable": True, "initially": "DEFERRED"}
        columns = list(target.primary_key.columns)
        table.append_constraint(sa.ForeignKeyConstraint(names, columns, **deferred))
        self.links[table].append(Link(target, tuple(names), nullable))

    def _attributes(self, table: sa.Table) -> dict[str, Any]:
        """Rename some attributes."""
        return {
            f"{_identifier(column.name)}_renamed": column
            for column in table.columns
            if "kind" in column.info
            and (not column.name.isidentifier() or self.draw(st.booleans()))
        }

    def _class(self, table: sa.Table) -> type[Any]:
        bases = (SoftDelete,) if "deleted_at" in table.columns else ()
        return type(f"Invented{len(self.links)}_{_identifier(table.name)}", bases, {})

    def _relate(self, classes: Any, properties: Any, table: sa.Table, link: Link) -> None:
        """Add a to-one relationship, and often its to-many or to-one counterpart."""
        name = f"{link.columns[0]}_one"
        here, there = classes[table], classes[link.target]
        columns = [table.c[each] for each in link.columns]
        more: dict[str, Any] = {"foreign_keys": columns}
        if link.target is table:
            more["remote_side"] = list(table.primary_key.columns)
        if self.draw(st.booleans()):
            back = f"{_identifier(table.name)}_{name}"
            more["back_populates"] = back
            properties[link.target][back] = relationship(
                here, foreign_keys=columns, back_populates=name, order_by=self._order(table)
            )
        properties[table][name] = relationship(there, **more)

    def _order(self, table: sa.Table) -> list[Any]:
        keys = list(table.primary_key.columns)
        return [key.desc() if self.draw(st.booleans()) else key for key in keys]

    def _pair(self, classes: Any, properties: Any) -> None:
        """Add a many-to-many relationship, ordered by a column of the table between."""
        tables = list(classes)
        left, right = self.draw(st.sampled_from(tables)), self.draw(st.sampled_from(tables))
        between = sa.Table("between", self.registry.metadata, schema=self.schema)
        sides = []
        for side, table in (("left", left), ("right", right)):
            names = [f"{side}_{key.name}" for key in table.primary_key.columns]
            for name, key in zip(names, table.primary_key.columns, strict=True):
                between.append_column(sa.Column(name, key.type, primary_key=True))
            columns = list(table.primary_key.columns)
            between.append_constraint(sa.ForeignKeyConstraint(names, columns))
            sides.append([between.c[name] for name in names])
        between.append_column(sa.Column("place", sa.Integer, nullable=False))
        self.pairs.append((between, left, right))
        joins = [
            sa.and_(
                *(
                    key == column
                    for key, column in zip(table.primary_key.columns, side, strict=True)
                )
            )
            for table, side in ((left, sides[0]), (right, sides[1]))
        ]
        properties[left]["many"] = relationship(
            classes[right],
            secondary=between,
            primaryjoin=joins[0],
            secondaryjoin=joins[1],
            order_by=between.c.place.desc(),
            viewonly=True,
        )


def _identifier(name: str) -> str:
    kept = "".join(letter if letter.isidentifier() or letter.isdigit() else "x" for letter in name)
    return kept if kept.isidentifier() else f"n{kept}"


@st.composite
def invented_cases(draw: st.DrawFn, odd: int) -> tuple[Workshop, Case]:
    """Draw tables, a model over one of them, and rows."""
    workshop = Workshop(draw)
    workshop.invent()
    pen = Pen(odd=odd, include_deleted=draw(st.booleans()))
    schema = draw(schemas(draw(st.sampled_from(workshop.classes)), pen))
    case = Case(
        schema=schema,
        rows=_rows(draw, workshop, pen),
        include_deleted=pen.include_deleted,
        exclude_none=draw(st.booleans()),
        session=tuple(draw(st.sampled_from(SESSIONS)).items()),
    )
    return workshop, case


def _rows(draw: st.DrawFn, workshop: Workshop, pen: Pen) -> Rows:
    read = {
        sa.inspect(mapped).column_attrs[name].columns[0]: reading
        for (mapped, name), reading in pen.readings.items()
    }
    keys: dict[sa.Table, list[tuple[Any, ...]]] = {}
    rows: Rows = []
    betweens = {between for between, _, _ in workshop.pairs}
    for table in workshop.tables:
        if table not in betweens:
            rows.append((table, _rows_of(draw, workshop, table, (keys, read))))
    for between, left, right in workshop.pairs:
        pairs = [(one, other) for one in keys[left] for other in keys[right]]
        chosen = draw(st.permutations(pairs))[: draw(st.integers(0, min(4, len(pairs))))]
        names = [column.key for column in between.columns]
        made = [
            dict(zip(names, (*one, *other, place), strict=True))
            for place, (one, other) in enumerate(chosen)
        ]
        rows.append((between, made))
    return rows


def _rows_of(draw: st.DrawFn, workshop: Workshop, table: sa.Table, known: Any) -> list[Row]:
    keys, read = known
    primary = list(table.primary_key.columns)
    strategy = st.tuples(*(_KEYS[column.name.removeprefix("by_")][1] for column in primary))
    keys[table] = draw(st.lists(strategy, min_size=1, max_size=3, unique=True))
    rows = []
    for key in keys[table]:
        row: Row = dict(zip([column.key for column in primary], key, strict=True))
        for link in workshop.links[table]:
            offered = [*keys[link.target], *([None] if link.nullable else [])]
            if not offered:
                keys[table] = []
                return []
            linked = draw(st.sampled_from(offered))
            row |= {name: linked and linked[place] for place, name in enumerate(link.columns)}
        for column in table.columns:
            if column in read and "kind" in column.info:
                drawn = read[column].values
                row[column.key] = draw(st.none() | drawn if column.nullable else drawn)
        if "deleted_at" in table.columns:
            row["deleted_at"] = draw(values.TIMESTAMPTZ | st.none() | st.none())
        rows.append(row)
    return rows
