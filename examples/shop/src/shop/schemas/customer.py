"""Customers as the API sees them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field

from fastgres.repository import Filter, KeysetQuery
from shop.models.customer import NAME_LENGTH
from shop.schemas.values import Body, Email, Line, Text

CustomerName = Annotated[Line, Field(max_length=NAME_LENGTH, examples=["Ada Lovelace"])]
CustomerEmail = Annotated[Email, Field(examples=["ada@example.com"])]


class CustomerCreate(Body):
    """A customer to register."""

    email: CustomerEmail
    name: CustomerName


class CustomerUpdate(Body):
    """What to change of a customer; a field left out stays as it is."""

    email: CustomerEmail | MISSING = MISSING
    name: CustomerName | MISSING = MISSING


class CustomerRead(BaseModel):
    """A customer."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
    created_at: datetime
    updated_at: datetime


class CustomerQuery(KeysetQuery):
    """Which customers to list."""

    email: CustomerEmail | None = None
    name: Annotated[Text | None, Field(max_length=NAME_LENGTH), Filter("icontains")] = None
    sort: Literal["-created_at", "created_at", "name", "-name"] = "-created_at"
