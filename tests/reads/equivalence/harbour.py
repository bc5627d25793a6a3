"""A graph of tables with a relationship of every sort, and two tables with every type of column.

The rows are drawn (`cargo.py`), and so are the models that read them (`schemas.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    Mapped,
    aliased,
    attribute_keyed_dict,
    column_property,
    composite,
    declared_attr,
    foreign,
    mapped_column,
    relationship,
    remote,
    synonym,
)

from fastgres.db import Base, SoftDelete
from tests.reads.equivalence.kinds import KINDS, Colour, Size

CUSTOMS = "the customs"
"""A second schema, whose name has to be quoted."""

metadata = sa.MetaData()


def _about(**arguments: Any) -> dict[str, Any]:
    """Return arguments of a table or a mapper."""
    return arguments


def _kind(identity: str, on: str | None = None) -> dict[str, Any]:
    """Return the arguments of a mapper in a hierarchy; `on` names the column that tells."""
    root = {} if on is None else {"polymorphic_on": on}
    return root | {"polymorphic_identity": identity}


class HarbourBase(Base):
    """The base of all classes here."""

    __abstract__ = True
    metadata = metadata


class Country(HarbourBase):
    """A text key; its to-many relationship declares no order."""

    __tablename__ = "countries"

    code: Mapped[str] = mapped_column(sa.CHAR(2), primary_key=True)
    name: Mapped[str]

    harbours: Mapped[list[Harbour]] = relationship(back_populates="country")


class HarbourTag(HarbourBase):
    """Between harbours and tags, with the place of the tag in the list of the harbour."""

    __tablename__ = "harbour_tags"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["country_code", "harbour_number"],
            ['The "harbours".country_code', 'The "harbours".number'],
        ),
    )

    country_code: Mapped[str] = mapped_column(sa.CHAR(2), primary_key=True)
    harbour_number: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("tags.id"), primary_key=True)
    place: Mapped[int]


class Tag(SoftDelete, HarbourBase):
    """The far side of a many-to-many relationship, soft-deleted."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column("Tag %name")
    colour: Mapped[Colour | None] = mapped_column(KINDS["colour"].type)

    harbours: Mapped[list[Harbour]] = relationship(
        secondary=HarbourTag.__table__, back_populates="tags", order_by="Harbour.number"
    )


class Harbour(SoftDelete, HarbourBase):
    """A composite key, renamed columns, deferred columns, expressions, and most relationships."""

    __tablename__ = 'The "harbours"'

    country_code: Mapped[str] = mapped_column(sa.ForeignKey("countries.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column('The "name"')
    depth: Mapped[Decimal | None] = mapped_column("select", sa.Numeric(8, 3))
    opened: Mapped[dt.datetime | None] = mapped_column("opened:at")
    notes: Mapped[str | None] = mapped_column(deferred=True)
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True, deferred_group="heavy")
    secret: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)

    shout: Mapped[str] = column_property(sa.func.upper(title) + "!")
    heading = synonym("title")

    country: Mapped[Country] = relationship(back_populates="harbours")
    berths: Mapped[list[Berth]] = relationship(
        back_populates="harbour", order_by="(Berth.rank.desc().nulls_last(), Berth.id)"
    )
    tags: Mapped[list[Tag]] = relationship(
        secondary=HarbourTag.__table__, back_populates="harbours", order_by=HarbourTag.place
    )
    ships: Mapped[list[Ship]] = relationship(
        back_populates="harbour",
        order_by="Ship.id.desc()",
        foreign_keys="Ship.harbour_number, Ship.country_code",
    )
    heavy_ships: Mapped[list[Ship]] = relationship(
        viewonly=True,
        order_by="Ship.tons, Ship.id",
        primaryjoin=lambda: sa.and_(
            Harbour.country_code == foreign(Ship.country_code),
            Harbour.number == foreign(Ship.harbour_number),
            Ship.tons > 1000,
        ),
    )

    @hybrid_property
    def label(self) -> str:
        return self.title + "-" + self.title

    @hybrid_property
    def is_open(self) -> bool:
        return self.opened is not None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.opened.is_not(None)

    @hybrid_property
    def title_length(self) -> int:
        """What has no SQL form: SQLAlchemy raises when the class is asked."""
        return len(self.title)

    @property
    def spoken(self) -> str:
        """What only Python knows."""
        return self.title.swapcase()


class Berth(SoftDelete, HarbourBase):
    """Refers to itself and, optionally, by a composite foreign key."""

    __tablename__ = "berths"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["country_code", "harbour_number"],
            ['The "harbours".country_code', 'The "harbours".number'],
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    country_code: Mapped[str | None] = mapped_column(sa.CHAR(2))
    harbour_number: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("berths.id", deferrable=True, initially="DEFERRED")
    )
    rank: Mapped[int | None] = mapped_column(sa.SmallInteger)
    name: Mapped[str]

    harbour: Mapped[Harbour | None] = relationship(back_populates="berths")
    parent: Mapped[Berth | None] = relationship(back_populates="children", remote_side="Berth.id")
    children: Mapped[list[Berth]] = relationship(
        back_populates="parent", order_by="Berth.rank, Berth.id"
    )
    namesakes: Mapped[list[Tag]] = relationship(
        viewonly=True,
        order_by=Tag.id,
        primaryjoin=lambda: sa.func.lower(Berth.name) == sa.func.lower(remote(foreign(Tag.name))),
    )


class Person(SoftDelete, HarbourBase):
    """The root of single-table inheritance."""

    __tablename__ = "people"
    __mapper_args__ = _kind("person", on="kind")

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    name: Mapped[str]
    mentor_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("people.id", deferrable=True, initially="DEFERRED")
    )

    mentor: Mapped[Person | None] = relationship(remote_side="Person.id", back_populates="pupils")
    pupils: Mapped[list[Person]] = relationship(back_populates="mentor", order_by="Person.id")
    shifts: Mapped[list[Shift]] = relationship(
        back_populates="person", order_by="Shift.since, Shift.ship_id"
    )


class Sailor(Person):
    """A subclass with a column of its own in the table of the root."""

    __mapper_args__ = _kind("sailor")

    knots: Mapped[int | None]


class Captain(Sailor):
    """A subclass of a subclass, with a relationship of its own."""

    __mapper_args__ = _kind("captain")

    licence: Mapped[Size | None] = mapped_column(KINDS["native_size"].type)

    ferries: Mapped[list[Ferry]] = relationship(back_populates="captain", order_by="Ferry.id")


class Ship(HarbourBase):
    """The root of joined-table inheritance."""

    __tablename__ = "ships"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["country_code", "harbour_number"],
            ['The "harbours".country_code', 'The "harbours".number'],
        ),
    )
    __mapper_args__ = _kind("ship", on="kind")

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    name: Mapped[str]
    tons: Mapped[int]
    country_code: Mapped[str | None] = mapped_column(sa.CHAR(2))
    harbour_number: Mapped[int | None]

    harbour: Mapped[Harbour | None] = relationship(
        back_populates="ships", foreign_keys="Ship.country_code, Ship.harbour_number"
    )
    shifts: Mapped[list[Shift]] = relationship(
        back_populates="ship", order_by="Shift.since.desc(), Shift.person_id"
    )
    crew: Mapped[list[Person]] = relationship(
        secondary=lambda: Shift.__table__, viewonly=True, order_by="Shift.since, Person.id"
    )
    permit: Mapped[Permit | None] = relationship(back_populates="ship")
    presents: Mapped[list[Present]] = relationship(back_populates="ship", order_by="Present.id")
    absents: Mapped[list[Absent]] = relationship(back_populates="ship", order_by="-Absent.id")
    entries: Mapped[list[Entry]] = relationship(order_by="Entry.x_at, Entry.x_id")
    logbook: Mapped[dict[int, Entry]] = relationship(
        viewonly=True, order_by="Entry.x_id", collection_class=attribute_keyed_dict("x_id")
    )
    crew_names: AssociationProxy[list[str]] = association_proxy("crew", "name")


class Ferry(Ship):
    """Has a table of its own, and a relationship from there."""

    __tablename__ = "ferries"
    __mapper_args__ = _kind("ferry")

    id: Mapped[int] = mapped_column(sa.ForeignKey("ships.id"), primary_key=True)
    passengers: Mapped[int]
    captain_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))

    captain: Mapped[Captain | None] = relationship(back_populates="ferries")


class Tanker(Ship):
    """Joined inheritance whose key has another name; subclasses are always loaded along."""

    __tablename__ = "tankers"
    __mapper_args__ = _kind("tanker") | _about(with_polymorphic="*")

    tanker_id: Mapped[int] = mapped_column(sa.ForeignKey("ships.id"), primary_key=True)
    volume: Mapped[Decimal] = mapped_column(sa.Numeric(10, 1))
    twin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("tankers.tanker_id", deferrable=True, initially="DEFERRED")
    )

    twin: Mapped[Tanker | None] = relationship(
        remote_side=[tanker_id],
        foreign_keys=[twin_id],
        primaryjoin=lambda: Tanker.twin_id == remote(Tanker.tanker_id),
    )


class GasTanker(SoftDelete, Tanker):
    """A third level: three tables a row; only rows of this class can be soft-deleted."""

    __tablename__ = "gas_tankers"
    __mapper_args__ = _kind("gas")

    gas_id: Mapped[int] = mapped_column(sa.ForeignKey("tankers.tanker_id"), primary_key=True)
    pressure: Mapped[float | None]


class Shift(HarbourBase):
    """An association with values of its own, whose key is two foreign keys."""

    __tablename__ = "shifts"

    ship_id: Mapped[int] = mapped_column(sa.ForeignKey("ships.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    since: Mapped[dt.date]
    duty: Mapped[str | None]

    ship: Mapped[Ship] = relationship(back_populates="shifts")
    person: Mapped[Person] = relationship(back_populates="shifts")


@dataclass
class Position:
    """Two columns in one attribute."""

    latitude: float
    longitude: float


class Permit(HarbourBase):
    """The one of a one-to-one, in another schema, with a composite attribute."""

    __tablename__ = "Permits"
    __table_args__ = _about(schema=CUSTOMS)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ship_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ships.id"), unique=True)
    size: Mapped[Size] = mapped_column("größe", KINDS["native_size"].type)
    number: Mapped[str | None] = mapped_column("n" * 60)
    position: Mapped[Position] = composite(
        mapped_column("lat", sa.Double), mapped_column("lon", sa.Double)
    )

    ship: Mapped[Ship | None] = relationship(back_populates="permit")


class Entry(HarbourBase):
    """All attributes have a prefix that the columns do not."""

    __table__ = sa.Table(
        "entries",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ship_id", sa.ForeignKey("ships.id")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    __mapper_args__ = _about(column_prefix="x_")


class EveryKind:
    """The key of the two tables with every type of column, and their place in the graph."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    @declared_attr
    def ship_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy calls it with the class
        return mapped_column(sa.ForeignKey("ships.id"))


def _columns(*, nullable: bool) -> dict[str, Any]:
    """Return a column a kind; every third has another name in the database."""
    columns = {}
    for place, (name, kind) in enumerate(KINDS.items()):
        column_type: Any = kind.type
        default = None if nullable else sa.text(kind.empty)
        names = (f'{name.upper()} "%{place}":x',) if place % 3 == 0 else ()
        columns[name] = mapped_column(
            *names, column_type, nullable=nullable, server_default=default, info={"kind": name}
        )
    return columns


class Present(EveryKind, HarbourBase):
    """Every type of column, never null."""

    __tablename__ = "presents"

    ship: Mapped[Ship | None] = relationship(back_populates="presents")
    locals().update(_columns(nullable=False))


class Absent(EveryKind, HarbourBase):
    """Every type of column, null allowed."""

    __tablename__ = "absents"

    ship: Mapped[Ship | None] = relationship(back_populates="absents")
    locals().update(_columns(nullable=True))


_entries = Entry.__table__.c
_latest = sa.select(
    Entry,
    sa.func.row_number()
    .over(partition_by=_entries.ship_id, order_by=_entries.id.desc())
    .label("place"),
).subquery("latest")
LatestEntry: Any = aliased(Entry, _latest)


def _count(of: Any) -> sa.ScalarSelect[int]:
    """Count the rows that refer to a harbour."""
    return (
        sa.select(sa.func.count(of.id))
        .where(of.country_code == Harbour.country_code, of.harbour_number == Harbour.number)
        .correlate_except(of)
        .scalar_subquery()
    )


Ship.last_entries = relationship(
    LatestEntry,
    primaryjoin=sa.and_(foreign(LatestEntry.x_ship_id) == Ship.id, _latest.c.place <= 2),
    viewonly=True,
    order_by=LatestEntry.x_id,
)
_tons = sa.select(Ship.kind, sa.func.sum(Ship.tons).label("tons"), sa.func.count().label("ships"))


class Tonnage(HarbourBase):
    """Mapped to a query: there is no such table."""

    __table__ = _tons.group_by(Ship.kind).subquery("tonnage")
    __mapper_args__ = _about(primary_key=[__table__.c.kind])


Harbour.ship_count = column_property(_count(Ship))
Harbour.living_berths = column_property(_count(Berth), deferred=True)
Harbour.captains = relationship(
    Captain,
    secondary=lambda: sa.join(Ship.__table__, Ferry.__table__),
    primaryjoin=lambda: sa.and_(
        Harbour.country_code == foreign(Ship.country_code),
        Harbour.number == foreign(Ship.harbour_number),
    ),
    secondaryjoin=lambda: foreign(Ferry.captain_id) == Captain.id,
    viewonly=True,
    order_by=Captain.id,
)
