"""What an API over Pagila answers: plain Pydantic models, three levels deep and more."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field, field_serializer
from pydantic.alias_generators import to_camel

from tests.reads.foreign.pagila import Rating


class Read(BaseModel):
    """Attributes in, camelCase out."""

    model_config = ConfigDict(from_attributes=True, alias_generator=to_camel, validate_by_name=True)


class Plain(BaseModel):
    """Attributes in, the same names out."""

    model_config = ConfigDict(from_attributes=True)


class CountryName(Plain):
    id: int
    name: str


class CityBrief(Plain):
    name: Annotated[str, Field(serialization_alias="city")]
    country: CountryName


class AddressLine(Plain):
    line1: str
    line2: str | None
    telephone: str


class CityWithAddresses(Plain):
    id: int
    name: str
    addresses: list[AddressLine]


class CountryRead(Plain):
    """Country, cities, addresses."""

    id: int
    name: str
    last_update: dt.datetime
    cities: list[CityWithAddresses]


class CityRead(Read):
    """City, country; city, addresses."""

    id: int
    name: str
    country_id: int
    last_update: dt.datetime
    country: CountryName
    addresses: list[AddressLine]


class AddressRead(Read):
    """Address, city, country. Names with a quote or of another script come out as they are."""

    id: int
    line1: Annotated[str, Field(serialization_alias='the "first" line — \\')]
    line2: str | None
    district: str
    city_id: int
    postal_code: str | None
    phone: str
    last_update: dt.datetime
    city: CityBrief


class LanguageRead(Plain):
    id: int
    name: str


class CategoryBrief(Plain):
    name: str


class ActorBrief(Read):
    id: int
    full_name: str


class RoleRead(Read):
    last_update: dt.datetime
    actor: ActorBrief


class StoreKey(Plain):
    id: int


class CopyRead(Read):
    id: int
    store: StoreKey


class FilmRead(Read):
    """Film, roles, actors; copies, stores; and a constant."""

    kind: Literal["film"] = "film"

    id: int
    title: str
    description: str | None
    release_year: int | None
    language_id: int
    original_language_id: int | None
    rental_duration: int
    rental_rate: Decimal
    length: int | None
    replacement_cost: Decimal
    rating: Rating | None
    last_update: dt.datetime
    special_features: list[str] | None
    revenue_projection: Decimal
    language: LanguageRead
    original_language: LanguageRead | None
    categories: list[CategoryBrief]
    roles: list[RoleRead]
    copies: list[CopyRead]


class FilmTitle(Plain):
    title: str
    rating: Rating | None


class FilmCredits(Plain):
    title: str
    length: int | None
    language: LanguageRead
    categories: list[CategoryBrief]


class ActorRead(Read):
    """Actor, films by way of the association, their categories by way of another."""

    id: int
    first_name: str
    last_name: str
    full_name: str
    last_update: dt.datetime
    films: list[FilmCredits]


class CategoryFilm(Plain):
    title: str
    length: int | None
    actors: list[ActorBrief]


class CategoryRead(Plain):
    """Category, films, actors: two associations in a row."""

    id: int
    name: str
    last_update: dt.datetime
    films: list[CategoryFilm]


class LanguageFilms(Plain):
    """Two collections of one class by two foreign keys, and back to the class itself."""

    id: int
    name: str
    last_update: dt.datetime
    films: list[FilmTitle]
    dubbed: list[FilmCredits]


class FilmActorRead(Plain):
    """A composite key, and both of its ends."""

    actor_id: int
    film_id: int
    last_update: dt.datetime
    actor: ActorBrief
    film: FilmCredits


class FilmCategoryRead(Plain):
    film_id: int
    category_id: int
    last_update: dt.datetime
    category: CategoryBrief
    film: FilmTitle


class AddressBrief(Plain):
    line1: str
    district: str
    city: CityBrief


class PersonRead(Read):
    first_name: str
    last_name: str
    address: AddressBrief


class StoreRead(Read):
    """Store, manager, address, city, country; and all who work or rent there."""

    id: int
    manager_staff_id: int
    address_id: int
    last_update: dt.datetime
    manager: PersonRead
    staff: list[PersonRead]
    customers: list[PersonRead]


class Colleague(Plain):
    username: str
    email: str | None


class StoreManager(Plain):
    id: int
    manager: Colleague


class StaffRead(Plain):
    """The circle: staff, store, manager, who is staff; and the class to itself by a column."""

    id: int
    first_name: str
    last_name: str
    email: str | None
    active: bool
    username: str
    password: str | None
    store: StoreManager
    colleagues: list[Colleague]


class StaffPicture(Plain):
    """Bytes are base64 only in Python."""

    model_config = ConfigDict(ser_json_bytes="base64")

    id: int
    picture: bytes | None
    address: AddressBrief
    colleagues: list[Colleague]


class InventoryFilm(Read):
    id: int
    film: FilmCredits


class CustomerRental(Read):
    rental_date: dt.datetime
    return_date: dt.datetime | None
    inventory: InventoryFilm


class PaymentBrief(Read):
    paid_at: dt.datetime
    amount: Decimal


class RentalKey(Plain):
    id: int


class Listing(Plain):
    name: str
    zip_code: Annotated[str | None, Field(serialization_alias="zip code")]
    country: str
    notes: str


class CustomerRead(Read):
    """Customer, rentals, copies, films, languages; and a view as a to-one relationship."""

    id: int
    first_name: str
    last_name: str
    email: str | None
    is_active: bool
    since: dt.date
    last_update: dt.datetime | None
    active: int | None
    address: AddressBrief
    listing: Listing | None
    rentals: list[CustomerRental]
    payments: list[PaymentBrief]
    late: list[RentalKey]


class RentalCustomer(Plain):
    first_name: str
    last_name: str
    address: AddressLine


class RentalRead(Read):
    """Rental, copy, film, language; customer, address; payments."""

    id: int
    rental_date: dt.datetime
    return_date: dt.datetime | None
    last_update: dt.datetime
    inventory: InventoryFilm
    customer: RentalCustomer
    staff: Colleague
    payments: list[PaymentBrief]


class RentalWithCopy(Read):
    rental_date: dt.datetime
    inventory: CopyRead


class PaymentRead(Read):
    """A row of a partitioned table with a composite key."""

    id: int
    paid_at: dt.datetime
    amount: Decimal
    staff: Colleague
    customer_id: Annotated[int, Field(exclude=True)]
    rental: RentalWithCopy


class InventoryRead(Read):
    """Copy, rentals, customers; copy, film, categories."""

    id: int
    last_update: dt.datetime
    film: FilmCredits
    store: StoreKey
    rentals: list[InventoryRental]


class InventoryRental(Read):
    rental_date: dt.datetime
    customer: RentalCustomer


class FilmShown(Read):
    """What only Python computes, two levels down as well."""

    id: int
    title: str
    rental_rate: Decimal
    roles: list[RoleShown]

    @computed_field
    def price_tag(self) -> str:
        """Read fields of the model, not of the row."""
        return f"${self.rental_rate}"


class RoleShown(Plain):
    actor: ActorShown


class ActorShown(Plain):
    first_name: str

    @field_serializer("first_name")
    def title_case(self, value: str) -> Any:
        return value.title()
