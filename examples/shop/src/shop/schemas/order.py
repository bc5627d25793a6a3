"""Orders as the API sees them: with their customer and their lines."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field

from fastgres.repository import Filter, KeysetQuery
from shop.models.order import MAX_LINES, MAX_QUANTITY, NOTE_LENGTH, OrderStatus
from shop.schemas.values import Amount, Body, Moment, Money, Text, WholeNumber

Note = Annotated[Text, Field(max_length=NOTE_LENGTH, examples=["Leave it with the neighbour."])]


class OrderLine(Body):
    """A product and how many pieces of it."""

    product_id: UUID
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, examples=[2]), WholeNumber]


class OrderCreate(Body):
    """An order to place; lines of the same product become one line."""

    customer_id: UUID
    items: Annotated[list[OrderLine], Field(min_length=1, max_length=MAX_LINES)]
    note: Note | None = None


class OrderPay(Body):
    """The card to charge, as the payment provider calls it: never its number."""

    card: Annotated[str, Field(pattern=r"^tok_[a-z]{1,20}$", examples=["tok_visa"])]


class OrderUpdate(Body):
    """What to change of an order: its note alone, and null removes that."""

    note: Note | MISSING | None = MISSING


class OrderCustomer(BaseModel):
    """Who placed an order."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])


class OrderedProduct(BaseModel):
    """What was ordered; its price is the line's."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    sku: str = Field(examples=["MUG-01"])
    name: str = Field(examples=["Blue mug"])


class OrderItemRead(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(from_attributes=True)

    product: OrderedProduct
    quantity: int = Field(examples=[2])
    unit_price: Money


class OrderRead(BaseModel):
    """An order with its customer and its lines, in the order in which they were given."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: OrderStatus
    total: Money
    note: str | None = Field(examples=["Leave it with the neighbour."])
    customer: OrderCustomer
    items: list[OrderItemRead]
    created_at: datetime
    updated_at: datetime


class OrderQuery(KeysetQuery):
    """Which orders to list."""

    customer_id: UUID | None = None
    status: Annotated[list[OrderStatus] | None, Filter("in")] = None
    placed_from: Annotated[Moment | None, Filter("ge", column="created_at")] = None
    placed_before: Annotated[Moment | None, Filter("lt", column="created_at")] = None
    total_min: Annotated[Amount | None, Filter("ge", column="total")] = None
    total_max: Annotated[Amount | None, Filter("le", column="total")] = None
    sort: Literal["-created_at", "created_at", "-total", "total"] = "-created_at"
