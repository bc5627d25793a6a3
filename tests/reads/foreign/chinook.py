"""Chinook, the digital media store, as an application that never heard of fastgres maps it.

Tables and columns bear the names that the sample database gave them first, `"InvoiceLine"` and
`"UnitPrice"`, and stand in a schema of their own. Employees report to employees, times have no
zone, most columns allow NULL. Classes are dataclasses; an address of four columns is one value.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Numeric, String, Table, func, select
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    column_property,
    composite,
    mapped_column,
    relationship,
)


class Chinook(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """The base of this application's own, in a schema of its own."""

    metadata = MetaData(schema="Media")


@dataclasses.dataclass
class Place:
    """Where a bill goes: no table, four columns of one."""

    street: str | None
    city: str | None
    state: str | None
    country: str | None


class Contact(MappedAsDataclass, kw_only=True, eq=False):
    """The columns that employees and customers have in common."""

    address: Mapped[str | None] = mapped_column("Address", String(70))
    city: Mapped[str | None] = mapped_column("City", String(40))
    state: Mapped[str | None] = mapped_column("State", String(40))
    country: Mapped[str | None] = mapped_column("Country", String(40))
    postal_code: Mapped[str | None] = mapped_column("PostalCode", String(10))
    phone: Mapped[str | None] = mapped_column("Phone", String(24))
    fax: Mapped[str | None] = mapped_column("Fax", String(24))


class Album(Chinook):
    __tablename__ = "Album"

    id: Mapped[int] = mapped_column("AlbumId", primary_key=True)
    title: Mapped[str] = mapped_column("Title", String(160))
    artist_id: Mapped[int] = mapped_column(
        "ArtistId", ForeignKey("Media.Artist.ArtistId"), index=True
    )
    artist: Mapped[Artist] = relationship(back_populates="albums")
    tracks: Mapped[list[Track]] = relationship(back_populates="album", order_by="Track.id")

    if TYPE_CHECKING:
        track_count: Mapped[int]


class Artist(Chinook):
    __tablename__ = "Artist"

    artist_id: Mapped[int] = mapped_column("ArtistId", primary_key=True)
    name: Mapped[str | None] = mapped_column("Name", String(120))
    albums: Mapped[list[Album]] = relationship(
        back_populates="artist", order_by="Album.title, Album.id"
    )
    longest: Mapped[list[Album]] = relationship(
        viewonly=True, order_by="Album.track_count.desc(), Album.id"
    )
    album_count: Mapped[int] = column_property(
        select(func.count(Album.id))
        .where(Album.artist_id == artist_id)
        .correlate_except(Album)
        .scalar_subquery(),
    )


class Genre(Chinook):
    __tablename__ = "Genre"

    id: Mapped[int] = mapped_column("GenreId", primary_key=True)
    name: Mapped[str | None] = mapped_column("Name", String(120))
    tracks: Mapped[list[Track]] = relationship(
        back_populates="genre", order_by="Track.milliseconds.desc(), Track.id"
    )


class MediaType(Chinook):
    __tablename__ = "MediaType"

    id: Mapped[int] = mapped_column("MediaTypeId", primary_key=True)
    name: Mapped[str | None] = mapped_column("Name", String(120))
    tracks: Mapped[list[Track]] = relationship(back_populates="media_type", order_by="Track.id")


playlist_track = Table(
    "PlaylistTrack",
    Chinook.metadata,
    Column("PlaylistId", Integer, ForeignKey("Media.Playlist.PlaylistId"), primary_key=True),
    Column("TrackId", Integer, ForeignKey("Media.Track.TrackId"), primary_key=True, index=True),
)


class Track(Chinook):
    __tablename__ = "Track"

    id: Mapped[int] = mapped_column("TrackId", primary_key=True)
    name: Mapped[str] = mapped_column("Name", String(200))
    album_id: Mapped[int | None] = mapped_column(
        "AlbumId", ForeignKey("Media.Album.AlbumId"), index=True
    )
    media_type_id: Mapped[int] = mapped_column(
        "MediaTypeId", ForeignKey("Media.MediaType.MediaTypeId"), index=True
    )
    genre_id: Mapped[int | None] = mapped_column(
        "GenreId", ForeignKey("Media.Genre.GenreId"), index=True
    )
    composer: Mapped[str | None] = mapped_column("Composer", String(220))
    milliseconds: Mapped[int] = mapped_column("Milliseconds")
    bytes: Mapped[int | None] = mapped_column("Bytes")
    unit_price: Mapped[Decimal] = mapped_column("UnitPrice", Numeric(10, 2))
    album: Mapped[Album | None] = relationship(back_populates="tracks")
    media_type: Mapped[MediaType] = relationship(back_populates="tracks")
    genre: Mapped[Genre | None] = relationship(back_populates="tracks")
    playlists: Mapped[list[Playlist]] = relationship(
        secondary=playlist_track, back_populates="tracks", order_by="Playlist.name, Playlist.id"
    )
    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="track", order_by="InvoiceLine.id"
    )


class Playlist(Chinook):
    __tablename__ = "Playlist"

    id: Mapped[int] = mapped_column("PlaylistId", primary_key=True)
    name: Mapped[str | None] = mapped_column("Name", String(120))
    tracks: Mapped[list[Track]] = relationship(
        secondary=playlist_track,
        back_populates="playlists",
        order_by=lambda: (Track.unit_price.desc(), Track.id),
    )
    track_names: AssociationProxy[list[str]] = association_proxy("tracks", "name", init=False)


class Employee(Contact, Chinook):
    __tablename__ = "Employee"

    id: Mapped[int] = mapped_column("EmployeeId", primary_key=True)
    last_name: Mapped[str] = mapped_column("LastName", String(20))
    first_name: Mapped[str] = mapped_column("FirstName", String(20))
    title: Mapped[str | None] = mapped_column("Title", String(30))
    reports_to: Mapped[int | None] = mapped_column(
        "ReportsTo", ForeignKey("Media.Employee.EmployeeId"), index=True
    )
    birth_date: Mapped[dt.datetime | None] = mapped_column("BirthDate")
    hire_date: Mapped[dt.datetime | None] = mapped_column("HireDate")
    email: Mapped[str | None] = mapped_column("Email", String(60))
    manager: Mapped[Employee | None] = relationship(
        back_populates="reports", remote_side="Employee.id"
    )
    reports: Mapped[list[Employee]] = relationship(
        back_populates="manager", order_by="Employee.last_name.desc(), Employee.id"
    )
    customers: Mapped[list[Customer]] = relationship(
        back_populates="support_rep", order_by="Customer.id"
    )


class Customer(Contact, Chinook):
    __tablename__ = "Customer"

    id: Mapped[int] = mapped_column("CustomerId", primary_key=True)
    first_name: Mapped[str] = mapped_column("FirstName", String(40))
    last_name: Mapped[str] = mapped_column("LastName", String(20))
    company: Mapped[str | None] = mapped_column("Company", String(80))
    email: Mapped[str] = mapped_column("Email", String(60))
    support_rep_id: Mapped[int | None] = mapped_column(
        "SupportRepId", ForeignKey("Media.Employee.EmployeeId"), index=True
    )
    support_rep: Mapped[Employee | None] = relationship(back_populates="customers")
    invoices: Mapped[list[Invoice]] = relationship(
        back_populates="customer", order_by="Invoice.invoice_date.desc(), Invoice.id"
    )

    @property
    def initials(self) -> str:
        """What only Python knows."""
        return self.first_name[:1] + self.last_name[:1]

    @hybrid_property
    def full_name(self) -> str:
        return self.first_name + " " + self.last_name


class Invoice(Chinook):
    __tablename__ = "Invoice"

    id: Mapped[int] = mapped_column("InvoiceId", primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        "CustomerId", ForeignKey("Media.Customer.CustomerId"), index=True
    )
    invoice_date: Mapped[dt.datetime] = mapped_column("InvoiceDate")
    billing: Mapped[Place] = composite(
        mapped_column("BillingAddress", String(70), nullable=True),
        mapped_column("BillingCity", String(40), nullable=True),
        mapped_column("BillingState", String(40), nullable=True),
        mapped_column("BillingCountry", String(40), nullable=True),
    )
    billing_postal_code: Mapped[str | None] = mapped_column("BillingPostalCode", String(10))
    total: Mapped[Decimal] = mapped_column("Total", Numeric(10, 2))
    customer: Mapped[Customer] = relationship(back_populates="invoices")
    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.id"
    )


class InvoiceLine(Chinook):
    __tablename__ = "InvoiceLine"

    id: Mapped[int] = mapped_column("InvoiceLineId", primary_key=True)
    invoice_id: Mapped[int] = mapped_column(
        "InvoiceId", ForeignKey("Media.Invoice.InvoiceId"), index=True
    )
    track_id: Mapped[int] = mapped_column("TrackId", ForeignKey("Media.Track.TrackId"), index=True)
    unit_price: Mapped[Decimal] = mapped_column("UnitPrice", Numeric(10, 2))
    quantity: Mapped[int] = mapped_column("Quantity")
    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    track: Mapped[Track] = relationship(back_populates="lines")

    @hybrid_property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


# Assigned when both classes are there, as it has to be for those that follow each other.
Album.track_count = column_property(
    select(func.count(Track.id))
    .where(Track.album_id == Album.id)
    .correlate_except(Track)
    .scalar_subquery()
)
