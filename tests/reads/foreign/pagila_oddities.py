"""Response models as people write them, in which a value is not what the column holds.

Whether such a model is compiled or loaded is free; what comes out is what Pydantic writes.
"""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PydanticDeprecatedSince20,
    RootModel,
    SecretStr,
    StringConstraints,
    field_validator,
    model_serializer,
    model_validator,
)
from sqlalchemy.orm import joinedload, selectinload, undefer

from tests.reads.foreign import pagila as db
from tests.reads.foreign.roots import Root


class Language(BaseModel):
    """`character(20)` comes with its blanks."""

    name: str


class LanguageStripped(Language):
    model_config = ConfigDict(str_strip_whitespace=True)


class LanguageLower(BaseModel):
    name: Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True)]


class LanguageConstants(BaseModel):
    """Fields that no attribute fills have their default."""

    kind: Literal["language"] = "language"
    id: int
    links: list[str] = Field(default_factory=list)
    rating: db.Rating = db.Rating.THIRTEEN
    price: Decimal = Decimal("1.50")
    since: dt.date | None = dt.date(2022, 2, 22)


class FilmText(BaseModel):
    """Types that other databases do not have, one of them deferred."""

    fulltext: str
    special_features: tuple[str, ...] | None
    categories: tuple[Language, ...]


class FilmNumbers(BaseModel):
    """Numbers in another type than the column's."""

    rental_rate: float
    rental_duration: Decimal
    length: float | None
    release_year: Decimal | None
    replacement_cost: Annotated[Decimal, PlainSerializer(float)]


class FilmAnything(BaseModel):
    """Values of no declared type."""

    title: Any
    rental_rate: Any
    rating: Any
    last_update: object
    special_features: Any
    language: LanguageStripped


class FilmTags(RootModel[list[str]]):
    """A model that is a list."""


class FilmCollections(BaseModel):
    features: Annotated[
        frozenset[str] | None, Field(exclude=True, validation_alias="special_features")
    ]
    tags: Annotated[FilmTags | None, Field(validation_alias="special_features")]


with warnings.catch_warnings():
    # Older applications are full of them.
    warnings.simplefilter("ignore", PydanticDeprecatedSince20)

    class FilmEncoders(BaseModel):
        model_config = ConfigDict(json_encoders={Decimal: float}, use_enum_values=True)

        rental_rate: Decimal
        rating: db.Rating | None


class FilmInit(BaseModel):
    """A model changes itself once it is filled."""

    title: str

    def model_post_init(self, _context: Any) -> None:
        self.title = self.title.upper()


class FilmExcluded(BaseModel):
    """Left out depending on the value."""

    title: Annotated[str, Field(exclude_if=lambda title: len(title) % 2 == 0)]
    length: int | None


class FilmWrapped(BaseModel):
    title: str

    @model_serializer
    def wrapped(self) -> dict[str, Any]:
        return {"film": self.title}


class Shouted(BaseModel):
    first_name: Annotated[str, AfterValidator(str.upper)]
    last_name: Annotated[str, BeforeValidator(str.lower)]

    @field_validator("last_name")
    @classmethod
    def trimmed(cls, value: str) -> str:
        return value[:3]


class RoleShouted(BaseModel):
    actor: Shouted


class FilmShouted(BaseModel):
    id: int
    roles: list[RoleShouted]


class StaffSecret(BaseModel):
    """A secret stays one."""

    username: str
    password: SecretStr | None


class StoreSecrets(BaseModel):
    id: int
    staff: list[StaffSecret]


class StaffMoments(BaseModel):
    """Infinity is the last moment of Python."""

    username: str
    last_update: dt.datetime


class CustomerCoerced(BaseModel):
    """A date as a moment, a number as a truth."""

    since: dt.datetime
    active: bool | None
    is_active: int


class CustomerChecked(BaseModel):
    first_name: str
    last_name: str

    @model_validator(mode="after")
    def swap(self) -> CustomerChecked:
        self.first_name, self.last_name = self.last_name, self.first_name
        return self


class CustomerExtra(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: int


class CustomerGenerated(BaseModel):
    """Names in and names out from two generators; one is given on the spot."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(
            validation_alias=lambda name: name.removeprefix("customer_"),
            serialization_alias=lambda name: name.upper(),
        )
    )

    customer_id: int
    customer_since: dt.date
    customer_email: Annotated[str | None, Field(serialization_alias="e-mail")]


class LatestRental(BaseModel):
    id: int
    rental_date: dt.datetime


class CustomerLatest(BaseModel):
    """Row-limited by a window function in an aliased class."""

    id: int
    latest: list[LatestRental]


class PaidFilm(BaseModel):
    title: str
    categories: list[Language]


class PaymentFilm(BaseModel):
    """Over two tables at once, by a join as the association."""

    amount: Decimal
    film: PaidFilm


class Manager(BaseModel):
    """A model that is tried first, and needs more than a row of its table."""

    username: str
    store: StoreId


class StoreId(BaseModel):
    id: int


class Either(BaseModel):
    """One of two models, with a relationship of its own."""

    staff: Manager | Shouted


class CityLabel(BaseModel):
    """A property that needs what the mapping always loads."""

    id: int
    label: str


class AddressLabel(BaseModel):
    city: CityLabel


class ShelfCopy(BaseModel):
    id: int
    film: PaidFilm


class StoreShelf(BaseModel):
    """A collection class of the application's own, and relationships behind it."""

    id: int
    inventory: list[ShelfCopy]


class StoreTuple(BaseModel):
    """A tuple of models with relationships."""

    inventory: tuple[ShelfCopy, ...]


class StoreOptional(BaseModel):
    """Left out or not, with relationships in it."""

    staff: Annotated[list[RoleStaff], Field(exclude_if=lambda staff: len(staff) > 100)]


class StaffStreet(BaseModel):
    line1: str


class RoleStaff(BaseModel):
    username: str
    address: StaffStreet


def _odd(entity: type[Any], model: type[BaseModel], *options: Any, exact: bool = True) -> Root:
    return Root(entity=entity, model=model, options=options, kind=None, exact=exact)


_COPIES = (
    selectinload(db.Store.inventory).joinedload(db.Inventory.film).selectinload(db.Film.categories)
)

PAGILA_ODDITIES: Final = (
    _odd(db.Language, Language),
    _odd(db.Language, LanguageStripped),
    _odd(db.Language, LanguageLower),
    _odd(db.Language, LanguageConstants),
    _odd(db.Film, FilmText, undefer(db.Film.fulltext), selectinload(db.Film.categories)),
    _odd(db.Film, FilmNumbers, exact=False),
    _odd(db.Film, FilmAnything),
    _odd(db.Film, FilmCollections),
    _odd(db.Film, FilmEncoders, exact=False),
    _odd(db.Film, FilmInit),
    _odd(db.Film, FilmExcluded),
    _odd(db.Film, FilmWrapped),
    _odd(db.Film, FilmShouted, selectinload(db.Film.roles).joinedload(db.FilmActor.actor)),
    _odd(db.Staff, StaffSecret),
    _odd(db.Store, StoreSecrets, selectinload(db.Store.staff)),
    _odd(db.Staff, StaffMoments),
    _odd(db.Customer, CustomerCoerced),
    _odd(db.Customer, CustomerChecked),
    _odd(db.Customer, CustomerExtra),
    _odd(db.Customer, CustomerGenerated),
    _odd(db.Customer, CustomerLatest, selectinload(db.Customer.latest)),
    _odd(db.Payment, PaymentFilm, joinedload(db.Payment.film).selectinload(db.Film.categories)),
    _odd(db.Rental, Either, joinedload(db.Rental.staff).joinedload(db.Staff.store)),
    _odd(db.City, CityLabel),
    _odd(db.Address, AddressLabel, joinedload(db.Address.city)),
    _odd(db.Store, StoreShelf, _COPIES),
    _odd(db.Store, StoreTuple, _COPIES),
    _odd(db.Store, StoreOptional, selectinload(db.Store.staff).joinedload(db.Staff.address)),
)
