"""Every table of Pagila as the root of a read, each loaded by hand as guides teach it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import joinedload, selectinload, undefer

from tests.reads.foreign import pagila as db
from tests.reads.foreign import pagila_responses as api
from tests.reads.foreign.roots import Root

COUNTRY: Final = Root(
    entity=db.Country,
    model=api.CountryRead,
    options=(selectinload(db.Country.cities).selectinload(db.City.addresses),),
)
CITY: Final = Root(
    entity=db.City,
    model=api.CityRead,
    options=(selectinload(db.City.addresses),),
)
ADDRESS: Final = Root(
    entity=db.Address,
    model=api.AddressRead,
    options=(joinedload(db.Address.city).joinedload(db.City.country),),
)
FILM: Final = Root(
    entity=db.Film,
    model=api.FilmRead,
    options=(
        joinedload(db.Film.original_language),
        selectinload(db.Film.categories),
        selectinload(db.Film.roles).joinedload(db.FilmActor.actor),
        selectinload(db.Film.copies).joinedload(db.Inventory.store),
    ),
)
ACTOR: Final = Root(
    entity=db.Actor,
    model=api.ActorRead,
    options=(selectinload(db.Actor.films).selectinload(db.Film.categories),),
)
CATEGORY: Final = Root(
    entity=db.Category,
    model=api.CategoryRead,
    options=(selectinload(db.Category.films).selectinload(db.Film.actors),),
)
LANGUAGE: Final = Root(
    entity=db.Language,
    model=api.LanguageFilms,
    options=(
        selectinload(db.Language.films),
        selectinload(db.Language.dubbed).selectinload(db.Film.categories),
    ),
)
FILM_ACTOR: Final = Root(
    entity=db.FilmActor,
    model=api.FilmActorRead,
    options=(
        joinedload(db.FilmActor.actor),
        joinedload(db.FilmActor.film).selectinload(db.Film.categories),
    ),
)
FILM_CATEGORY: Final = Root(
    entity=db.FilmCategory,
    model=api.FilmCategoryRead,
    options=(joinedload(db.FilmCategory.category), joinedload(db.FilmCategory.film)),
)
STORE: Final = Root(
    entity=db.Store,
    model=api.StoreRead,
    options=(
        joinedload(db.Store.manager)
        .joinedload(db.Staff.address)
        .joinedload(db.Address.city)
        .joinedload(db.City.country),
        selectinload(db.Store.staff)
        .joinedload(db.Staff.address)
        .joinedload(db.Address.city)
        .joinedload(db.City.country),
        selectinload(db.Store.customers)
        .joinedload(db.Customer.address)
        .joinedload(db.Address.city)
        .joinedload(db.City.country),
    ),
)
STAFF: Final = Root(
    entity=db.Staff,
    model=api.StaffRead,
    options=(
        joinedload(db.Staff.store).joinedload(db.Store.manager),
        selectinload(db.Staff.colleagues),
    ),
)
CUSTOMER: Final = Root(
    entity=db.Customer,
    model=api.CustomerRead,
    options=(
        joinedload(db.Customer.address).joinedload(db.Address.city).joinedload(db.City.country),
        joinedload(db.Customer.listing),
        selectinload(db.Customer.rentals)
        .joinedload(db.Rental.inventory)
        .joinedload(db.Inventory.film)
        .selectinload(db.Film.categories),
        selectinload(db.Customer.payments),
        selectinload(db.Customer.late),
    ),
)
RENTAL: Final = Root(
    entity=db.Rental,
    model=api.RentalRead,
    options=(
        joinedload(db.Rental.inventory)
        .joinedload(db.Inventory.film)
        .selectinload(db.Film.categories),
        joinedload(db.Rental.customer).joinedload(db.Customer.address),
        joinedload(db.Rental.staff),
        selectinload(db.Rental.payments),
    ),
)
PAYMENT: Final = Root(
    entity=db.Payment,
    model=api.PaymentRead,
    options=(
        joinedload(db.Payment.staff),
        joinedload(db.Payment.rental)
        .joinedload(db.Rental.inventory)
        .joinedload(db.Inventory.store),
    ),
)
INVENTORY: Final = Root(
    entity=db.Inventory,
    model=api.InventoryRead,
    options=(
        joinedload(db.Inventory.film).selectinload(db.Film.categories),
        joinedload(db.Inventory.store),
        selectinload(db.Inventory.rentals)
        .joinedload(db.Rental.customer)
        .joinedload(db.Customer.address),
    ),
)
LISTING: Final = Root(entity=db.CustomerListing, model=api.Listing)
PICTURE: Final = Root(
    entity=db.Staff,
    model=api.StaffPicture,
    options=(
        undefer(db.Staff.picture),
        joinedload(db.Staff.address).joinedload(db.Address.city).joinedload(db.City.country),
        selectinload(db.Staff.colleagues),
    ),
    kind="loaded",
)
SHOWN: Final = Root(
    entity=db.Film,
    model=api.FilmShown,
    options=(selectinload(db.Film.roles).joinedload(db.FilmActor.actor),),
    kind="loaded",
)

PAGILA_ROOTS: Final = (
    COUNTRY,
    CITY,
    ADDRESS,
    FILM,
    ACTOR,
    CATEGORY,
    LANGUAGE,
    FILM_ACTOR,
    FILM_CATEGORY,
    STORE,
    STAFF,
    CUSTOMER,
    RENTAL,
    PAYMENT,
    INVENTORY,
    LISTING,
    PICTURE,
    SHOWN,
)
