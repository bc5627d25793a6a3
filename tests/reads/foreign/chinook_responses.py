"""What an API over Chinook answers: plain Pydantic models, three levels deep and more."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Read(BaseModel):
    """Fields are filled from attributes."""

    model_config = ConfigDict(from_attributes=True)


class Named(Read):
    id: int
    name: str | None


class TrackGenre(Read):
    title: Annotated[str, Field(validation_alias="name")]
    milliseconds: int
    genre: Named | None


class AlbumTracks(Read):
    id: int
    title: str
    tracks: list[TrackGenre]


class AlbumCount(Read):
    title: str
    track_count: int


class ArtistRead(Read):
    """Artist, albums, tracks, genre; a subquery as a column."""

    id: Annotated[int, Field(validation_alias="artist_id")]
    name: str | None
    album_count: int
    albums: list[AlbumTracks]
    longest: list[AlbumCount]


class ArtistName(Read):
    name: str | None
    album_count: int


class AlbumBrief(Read):
    title: str
    artist: ArtistName


class AlbumRead(AlbumBrief):
    """Album, tracks, playlists; a model that inherits."""

    id: int
    artist_id: int
    tracks: list[TrackLists]


class TrackLists(Read):
    name: str
    playlists: list[Named]


class TrackRead(Read):
    """Track, album, artist; track, lines, invoice."""

    id: int
    name: str
    composer: str | None
    milliseconds: int
    bytes: int | None
    unit_price: Annotated[Decimal, Field(serialization_alias="unitPrice")]
    album: AlbumBrief | None
    genre: Named | None
    media_type: Named
    playlists: list[Named]
    lines: list[LineInvoice]


class InvoiceDate(Read):
    invoice_date: dt.datetime


class LineInvoice(Read):
    quantity: int
    invoice: InvoiceDate


class Group(Read, Generic[Item]):
    """A generic model, as pages are."""

    id: int
    name: str | None
    tracks: list[Item]


class PlaylistTrack(Read):
    id: int
    name: str
    unit_price: Decimal
    album: AlbumBrief | None


class Person(Read):
    first_name: Annotated[str, Field(serialization_alias="firstName")]
    last_name: Annotated[str, Field(serialization_alias="lastName")]


class Manager(Person):
    title: str | None
    manager: Person | None


class Report(Person):
    reports: list[Person]


class EmployeeRead(Person):
    """The class to itself: two levels up, two levels down."""

    id: int
    reports_to: int | None
    birth_date: dt.datetime | None
    hire_date: dt.datetime | None
    city: str | None
    fax: str | None
    email: str | None
    manager: Manager | None
    reports: list[Report]
    customers: list[Person]


class CustomerRead(Person):
    """Customer, invoices, lines, track; customer, employee, manager."""

    id: int
    full_name: str
    company: str | None
    address: str | None
    city: str | None
    state: str | None
    country: str | None
    postal_code: str | None
    phone: str | None
    fax: str | None
    email: str
    support_rep: Manager | None
    invoices: list[CustomerInvoice]


class TrackName(Read):
    name: str


class LineRead(Read):
    quantity: int
    unit_price: Decimal
    amount: Decimal
    track: TrackName


class CustomerInvoice(Read):
    invoice_date: dt.datetime
    total: Decimal
    lines: list[LineRead]


class InvoiceCustomer(Person):
    full_name: str
    support_rep: Manager | None


class InvoiceRead(Read):
    """Invoice, customer, employee, manager; invoice, lines, track."""

    id: int
    customer_id: int
    invoice_date: dt.datetime
    billing_postal_code: str | None
    total: Decimal
    customer: InvoiceCustomer
    lines: list[LineRead]


class InvoiceLineRead(Read):
    """Line, invoice, customer; line, track, album, artist."""

    id: int
    quantity: int
    unit_price: Decimal
    amount: Decimal
    invoice: LineOwner
    track: PlaylistTrack


class LineOwner(Read):
    total: Decimal
    customer: Person


class Place(Read):
    """No class of the database, but a value of four of its columns."""

    street: str | None
    city: str | None
    state: str | None
    country: str | None


class Bill(Read):
    """A composite value."""

    id: int
    billing: Place
    lines: list[LineRead]


class PlaylistNames(Read):
    """What a proxy takes from each member of a collection."""

    id: int
    track_names: list[str]


class Badge(Read):
    """What a property of Python makes of columns that the model does not name."""

    id: int
    initials: str
    support_rep: Person | None


class JobTitle(Read):
    title: str | None


class Represented(Read):
    """A value at the end of a path that may lead nowhere, beside the object that it leads into."""

    id: int
    support_rep: JobTitle | None
    representative: Annotated[
        str | None, Field(default=None, validation_alias=AliasPath("support_rep", "first_name"))
    ]


class Either(Read):
    """An attribute that has one of two names."""

    id: int
    label: Annotated[str, Field(validation_alias=AliasChoices("title", "name"))]
