"""Pagila, PostgreSQL's DVD rental, as an application that never heard of fastgres maps it.

Tables, columns, types and keys are those of the sample database: a partitioned table with a
composite key, a domain, an enum with hyphens, `text[]`, `tsvector`, `bytea`, `character(20)`, two
associations with columns of their own, and the circle of stores and their managers. Attributes
are named as people name them, not as the columns are.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum as PythonEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    CHAR,
    Column,
    Connection,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, DOMAIN, TSVECTOR
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    aliased,
    column_property,
    foreign,
    join,
    mapped_column,
    relationship,
    remote,
    synonym,
)


class Pagila(DeclarativeBase):
    """The base of this application's own."""

    type_annotation_map: ClassVar = {str: Text, dt.datetime: DateTime(timezone=True)}


def key(name: str) -> Any:
    """Make an integer key with the name it has in the database."""
    return mapped_column(name, primary_key=True)


class Rating(PythonEnum):
    """What the enum type of the database calls otherwise: hyphens are no Python names."""

    GENERAL = "G"
    GUIDANCE = "PG"
    THIRTEEN = "PG-13"
    RESTRICTED = "R"
    ADULTS = "NC-17"


class Shelf(list[Any]):
    """A collection class of the application's own."""


class Country(Pagila):
    __tablename__ = "country"

    id: Mapped[int] = key("country_id")
    name: Mapped[str] = mapped_column("country")
    last_update: Mapped[dt.datetime]
    cities: Mapped[list[City]] = relationship(
        back_populates="country", order_by="City.name.desc(), City.id"
    )


class City(Pagila):
    __tablename__ = "city"

    id: Mapped[int] = key("city_id")
    name: Mapped[str] = mapped_column("city")
    country_id: Mapped[int] = mapped_column(ForeignKey("country.country_id"), index=True)
    last_update: Mapped[dt.datetime]
    country: Mapped[Country] = relationship(back_populates="cities", lazy="joined")
    addresses: Mapped[list[Address]] = relationship(back_populates="city", order_by="Address.id")

    @property
    def label(self) -> str:
        """What needs the country, which this application always loads with the city."""
        return f"{self.name} ({self.country.name})"


class Address(Pagila):
    __tablename__ = "address"

    id: Mapped[int] = key("address_id")
    line1: Mapped[str] = mapped_column("address")
    line2: Mapped[str | None] = mapped_column("address2")
    district: Mapped[str]
    city_id: Mapped[int] = mapped_column(ForeignKey("city.city_id"), index=True)
    postal_code: Mapped[str | None]
    phone: Mapped[str]
    last_update: Mapped[dt.datetime]
    city: Mapped[City] = relationship(back_populates="addresses")
    telephone: Mapped[str] = synonym("phone")


class Language(Pagila):
    __tablename__ = "language"

    id: Mapped[int] = key("language_id")
    name: Mapped[str] = mapped_column(CHAR(20))
    last_update: Mapped[dt.datetime]
    films: Mapped[list[Film]] = relationship(
        back_populates="language", foreign_keys="Film.language_id", order_by="Film.title, Film.id"
    )
    dubbed: Mapped[list[Film]] = relationship(
        back_populates="original_language",
        foreign_keys="Film.original_language_id",
        order_by="Film.replacement_cost.desc(), Film.id",
    )


class FilmActor(Pagila):
    __tablename__ = "film_actor"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.actor_id"), primary_key=True)
    film_id: Mapped[int] = mapped_column(ForeignKey("film.film_id"), primary_key=True, index=True)
    last_update: Mapped[dt.datetime]
    actor: Mapped[Actor] = relationship(back_populates="roles")
    film: Mapped[Film] = relationship(back_populates="roles")


class FilmCategory(Pagila):
    __tablename__ = "film_category"

    film_id: Mapped[int] = mapped_column(ForeignKey("film.film_id"), primary_key=True)
    category_id: Mapped[int] = mapped_column(
        ForeignKey("category.category_id"), primary_key=True, index=True
    )
    last_update: Mapped[dt.datetime]
    film: Mapped[Film] = relationship(viewonly=True)
    category: Mapped[Category] = relationship(viewonly=True)


class Category(Pagila):
    __tablename__ = "category"

    id: Mapped[int] = key("category_id")
    name: Mapped[str]
    last_update: Mapped[dt.datetime]
    films: Mapped[list[Film]] = relationship(
        secondary="film_category", back_populates="categories", order_by="Film.length, Film.id"
    )


class Actor(Pagila):
    __tablename__ = "actor"

    id: Mapped[int] = key("actor_id")
    first_name: Mapped[str] = mapped_column()
    last_name: Mapped[str] = mapped_column(index=True)
    last_update: Mapped[dt.datetime]
    roles: Mapped[list[FilmActor]] = relationship(
        back_populates="actor", order_by="FilmActor.film_id"
    )
    films: Mapped[list[Film]] = relationship(
        secondary="film_actor",
        viewonly=True,
        order_by="film_actor.c.last_update.desc(), Film.id",
    )
    full_name: Mapped[str] = column_property(first_name + " " + last_name)


class Film(Pagila):
    __tablename__ = "film"
    __table_args__ = (Index("film_fulltext_idx", "fulltext", postgresql_using="gist"),)

    id: Mapped[int] = key("film_id")
    title: Mapped[str] = mapped_column(index=True)
    description: Mapped[str | None]
    release_year: Mapped[int | None] = mapped_column(
        DOMAIN("year", Integer, check=text("VALUE BETWEEN 1901 AND 2155"))
    )
    language_id: Mapped[int] = mapped_column(ForeignKey("language.language_id"), index=True)
    original_language_id: Mapped[int | None] = mapped_column(
        ForeignKey("language.language_id"), index=True
    )
    rental_duration: Mapped[int] = mapped_column(SmallInteger)
    rental_rate: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    length: Mapped[int | None] = mapped_column(SmallInteger)
    replacement_cost: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    rating: Mapped[Rating | None] = mapped_column(
        Enum(
            Rating, name="mpaa_rating", values_callable=lambda kinds: [kind.value for kind in kinds]
        )
    )
    last_update: Mapped[dt.datetime]
    special_features: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    fulltext: Mapped[str] = mapped_column(TSVECTOR, deferred=True)
    language: Mapped[Language] = relationship(
        back_populates="films", foreign_keys=language_id, lazy="joined"
    )
    original_language: Mapped[Language | None] = relationship(
        back_populates="dubbed", foreign_keys=original_language_id
    )
    categories: Mapped[list[Category]] = relationship(
        secondary="film_category", back_populates="films", order_by="Category.name"
    )
    roles: Mapped[list[FilmActor]] = relationship(
        back_populates="film", order_by="FilmActor.actor_id.desc()"
    )
    actors: Mapped[list[Actor]] = relationship(
        secondary="film_actor", viewonly=True, order_by="Actor.last_name, Actor.id"
    )
    copies: Mapped[list[Inventory]] = relationship(back_populates="film", order_by="Inventory.id")

    @hybrid_property
    def revenue_projection(self) -> Decimal:
        """What one copy earns until it comes back: a generated column in newer releases."""
        return self.rental_duration * self.rental_rate


class Inventory(Pagila):
    __tablename__ = "inventory"

    id: Mapped[int] = key("inventory_id")
    film_id: Mapped[int] = mapped_column(ForeignKey("film.film_id"), index=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.store_id"), index=True)
    last_update: Mapped[dt.datetime]
    film: Mapped[Film] = relationship(back_populates="copies")
    store: Mapped[Store] = relationship(back_populates="inventory")
    rentals: Mapped[list[Rental]] = relationship(
        back_populates="inventory", order_by="Rental.rental_date.desc(), Rental.id"
    )


class Store(Pagila):
    __tablename__ = "store"

    id: Mapped[int] = key("store_id")
    manager_staff_id: Mapped[int] = mapped_column(
        ForeignKey(
            "staff.staff_id",
            name="store_manager_staff_id_fkey",
            use_alter=True,
            deferrable=True,
            initially="DEFERRED",
        ),
        unique=True,
    )
    address_id: Mapped[int] = mapped_column(ForeignKey("address.address_id"))
    last_update: Mapped[dt.datetime]
    manager: Mapped[Staff] = relationship(foreign_keys=manager_staff_id, post_update=True)
    address: Mapped[Address] = relationship()
    staff: Mapped[list[Staff]] = relationship(
        back_populates="store", foreign_keys="Staff.store_id", order_by="Staff.id"
    )
    customers: Mapped[list[Customer]] = relationship(
        back_populates="store", order_by="Customer.last_name, Customer.id"
    )
    inventory: Mapped[list[Inventory]] = relationship(
        back_populates="store", order_by="Inventory.id", collection_class=Shelf
    )


class Staff(Pagila):
    __tablename__ = "staff"

    id: Mapped[int] = key("staff_id")
    first_name: Mapped[str]
    last_name: Mapped[str]
    address_id: Mapped[int] = mapped_column(ForeignKey("address.address_id"))
    email: Mapped[str | None]
    store_id: Mapped[int] = mapped_column(ForeignKey("store.store_id"))
    active: Mapped[bool]
    username: Mapped[str]
    password: Mapped[str | None]
    last_update: Mapped[dt.datetime]
    picture: Mapped[bytes | None] = mapped_column(BYTEA, deferred=True)
    address: Mapped[Address] = relationship()
    store: Mapped[Store] = relationship(back_populates="staff", foreign_keys=store_id)
    colleagues: Mapped[list[Staff]] = relationship(
        primaryjoin=lambda: (
            (foreign(Staff.store_id) == remote(Staff.store_id)) & (Staff.id != remote(Staff.id))
        ),
        viewonly=True,
        uselist=True,
        order_by=lambda: remote(Staff.username),
    )


class Customer(Pagila):
    __tablename__ = "customer"

    id: Mapped[int] = key("customer_id")
    store_id: Mapped[int] = mapped_column(ForeignKey("store.store_id"), index=True)
    first_name: Mapped[str]
    last_name: Mapped[str] = mapped_column(index=True)
    email: Mapped[str | None]
    address_id: Mapped[int] = mapped_column(ForeignKey("address.address_id"), index=True)
    is_active: Mapped[bool] = mapped_column("activebool")
    since: Mapped[dt.date] = mapped_column("create_date")
    last_update: Mapped[dt.datetime | None]
    active: Mapped[int | None]
    store: Mapped[Store] = relationship(back_populates="customers")
    address: Mapped[Address] = relationship()
    rentals: Mapped[list[Rental]] = relationship(
        back_populates="customer", order_by="Rental.rental_date, Rental.id"
    )
    payments: Mapped[list[Payment]] = relationship(
        back_populates="customer", order_by="Payment.paid_at.desc(), Payment.id"
    )
    late: Mapped[list[Rental]] = relationship(
        primaryjoin="and_(Customer.id == Rental.customer_id, Rental.return_date.is_(None))",
        viewonly=True,
        order_by="Rental.id",
    )
    listing: Mapped[CustomerListing | None] = relationship(
        primaryjoin=lambda: Customer.id == foreign(CustomerListing.id),
        viewonly=True,
        uselist=False,
    )

    if TYPE_CHECKING:
        latest: Mapped[list[Rental]]


class Rental(Pagila):
    __tablename__ = "rental"
    __table_args__ = (
        Index("idx_unq_rental", "rental_date", "inventory_id", "customer_id", unique=True),
    )

    id: Mapped[int] = key("rental_id")
    rental_date: Mapped[dt.datetime]
    inventory_id: Mapped[int] = mapped_column(ForeignKey("inventory.inventory_id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.customer_id"), index=True)
    return_date: Mapped[dt.datetime | None]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    last_update: Mapped[dt.datetime]
    inventory: Mapped[Inventory] = relationship(back_populates="rentals")
    customer: Mapped[Customer] = relationship(back_populates="rentals")
    staff: Mapped[Staff] = relationship()
    payments: Mapped[list[Payment]] = relationship(
        back_populates="rental", order_by="Payment.paid_at, Payment.id"
    )


class Payment(Pagila):
    __tablename__ = "payment"
    __table_args__ = ({"postgresql_partition_by": "RANGE (payment_date)"},)

    paid_at: Mapped[dt.datetime] = mapped_column("payment_date", primary_key=True)
    id: Mapped[int] = mapped_column("payment_id", primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.customer_id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    rental_id: Mapped[int] = mapped_column(ForeignKey("rental.rental_id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    customer: Mapped[Customer] = relationship(back_populates="payments")
    staff: Mapped[Staff] = relationship()
    rental: Mapped[Rental] = relationship(back_populates="payments")
    film: Mapped[Film] = relationship(
        secondary=lambda: join(Rental, Inventory, Rental.inventory_id == Inventory.id),
        primaryjoin=lambda: Payment.rental_id == Rental.id,
        secondaryjoin=lambda: Inventory.film_id == Film.id,
        viewonly=True,
        uselist=False,
    )


class CustomerListing(Pagila):
    """A view of the sample database, with a space in the name of a column."""

    __table__ = Table(
        "customer_list",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("zip code", Text, key="zip_code"),
        *(
            Column(name, Text, nullable=False)
            for name in ("name", "address", "phone", "city", "country", "notes")
        ),
        Column("sid", Integer, nullable=False),
    )
    id: Mapped[int]
    name: Mapped[str]
    zip_code: Mapped[str | None]
    country: Mapped[str]
    notes: Mapped[str]


# Row-limited relationships, as the documentation of SQLAlchemy writes them.
_rentals = Rental.__table__.c
_rank = func.row_number().over(
    partition_by=_rentals.customer_id, order_by=_rentals.rental_date.desc()
)
_ranked = select(Rental.__table__, _rank.label("rank")).subquery()
_latest = aliased(Rental, select(_ranked).where(_ranked.c.rank <= 2).subquery())
Customer.latest = relationship(
    _latest,
    primaryjoin=Customer.id == foreign(_latest.customer_id),
    viewonly=True,
    order_by=_latest.id,
)


def _afterwards(target: Any, statement: str) -> None:
    """Run what SQLAlchemy has no words for once the tables of `target` are there."""

    def run(_target: Any, connection: Connection, **_: Any) -> None:
        connection.execute(text(statement))

    event.listen(target, "after_create", run)


for month in range(1, 8):
    _afterwards(
        Payment.__table__,
        f"CREATE TABLE payment_p2022_{month:02} PARTITION OF payment "
        f"FOR VALUES FROM ('2022-{month:02}-01+00') TO ('2022-{month + 1:02}-01+00')",
    )
_afterwards(
    Film.__table__,
    "CREATE TRIGGER film_fulltext_trigger BEFORE INSERT OR UPDATE ON film FOR EACH ROW "
    "EXECUTE FUNCTION "
    "tsvector_update_trigger('fulltext', 'pg_catalog.english', 'title', 'description')",
)
_afterwards(
    Pagila.metadata,
    """
    CREATE VIEW customer_list AS
    SELECT customer_id AS id, first_name || ' ' || last_name AS name, address,
        postal_code AS "zip code", phone, city, country,
        CASE WHEN activebool THEN 'active' ELSE '' END AS notes, store_id AS sid
    FROM customer JOIN address USING (address_id) JOIN city USING (city_id)
        JOIN country USING (country_id)
    """,
)
