"""Products as the API sees them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StrictBool

from fastgres.repository import Filter, KeysetQuery
from shop.models.product import DESCRIPTION_LENGTH, MAX_STOCK, NAME_LENGTH, SKU_LENGTH
from shop.schemas.values import Amount, Body, Line, Money, Price, Text, WholeNumber

Sku = Annotated[
    str, Field(max_length=SKU_LENGTH, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["MUG-01"])
]
ProductName = Annotated[Line, Field(max_length=NAME_LENGTH, examples=["Blue mug"])]
Description = Annotated[
    Text, Field(max_length=DESCRIPTION_LENGTH, examples=["Stoneware, holds 300 ml."])
]
Stock = Annotated[int, Field(ge=0, le=MAX_STOCK, examples=[25]), WholeNumber]


class ProductCreate(Body):
    """A product to put on sale."""

    sku: Sku
    name: ProductName
    description: Description = ""
    price: Price
    stock: Stock = 0
    active: StrictBool = True


class ProductUpdate(Body):
    """What to change of a product; a field left out stays as it is.

    The stock is not among them: a value read a moment ago would undo the orders placed since.
    Restock instead.
    """

    sku: Sku | MISSING = MISSING
    name: ProductName | MISSING = MISSING
    description: Description | MISSING = MISSING
    price: Price | MISSING = MISSING
    active: StrictBool | MISSING = MISSING


class Restock(Body):
    """Pieces that have arrived."""

    quantity: Annotated[int, Field(ge=1, le=MAX_STOCK, examples=[10]), WholeNumber]


class ProductRead(BaseModel):
    """A product."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    sku: str = Field(examples=["MUG-01"])
    name: str = Field(examples=["Blue mug"])
    description: str = Field(examples=["Stoneware, holds 300 ml."])
    price: Money
    stock: int = Field(description="Pieces that can still be ordered.", examples=[25])
    active: bool = Field(description="Whether it can be ordered at present.")
    created_at: datetime
    updated_at: datetime


class ProductQuery(KeysetQuery):
    """Which products to list."""

    sku: Sku | None = None
    name: Annotated[Text | None, Field(max_length=NAME_LENGTH), Filter("icontains")] = None
    active: bool | None = None
    price_min: Annotated[Amount | None, Filter("ge", column="price")] = None
    price_max: Annotated[Amount | None, Filter("le", column="price")] = None
    stock_max: Annotated[int | None, Field(ge=0, le=MAX_STOCK), Filter("le", column="stock")] = None
    sort: Literal["-created_at", "created_at", "name", "-name", "price", "-price"] = "-created_at"
