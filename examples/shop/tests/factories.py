"""Rows and request bodies for the tests; what a test does not name is made up here."""

from decimal import Decimal
from itertools import count

from polyfactory import Ignore, Use
from polyfactory.factories.pydantic_factory import ModelFactory
from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory

from shop.models import Customer, Product
from shop.schemas.customer import CustomerCreate
from shop.schemas.product import ProductCreate

_numbers = count(1)


def _email() -> str:
    return f"customer{next(_numbers)}@example.com"


def _sku() -> str:
    return f"SKU-{next(_numbers):05}"


class CustomerFactory(SQLAlchemyFactory[Customer]):
    """Customers with a note that no response may show."""

    __set_primary_key__ = False

    email = Use(_email)
    name = "Ada Lovelace"
    internal_note = "Pays late."
    created_at = Ignore()
    updated_at = Ignore()
    deleted_at = Ignore()


class ProductFactory(SQLAlchemyFactory[Product]):
    """Products for sale, ten pieces of each."""

    __set_primary_key__ = False

    sku = Use(_sku)
    name = "Blue mug"
    description = "Stoneware, holds 300 ml."
    price = Decimal("19.90")
    stock = 10
    active = True
    created_at = Ignore()
    updated_at = Ignore()
    deleted_at = Ignore()


class CustomerBody(ModelFactory[CustomerCreate]):
    """Bodies of POST /customers."""

    email = Use(_email)
    name = "Grace Hopper"


class ProductBody(ModelFactory[ProductCreate]):
    """Bodies of POST /products."""

    sku = Use(_sku)
    name = "Red bowl"
    description = "Oak, oiled."
    price = Decimal("24.50")
    stock = 5
    active = True
