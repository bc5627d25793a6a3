"""Customers as the API sees them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field

from shop.models.customer import NAME_LENGTH
from shop.schemas.values import Body, Email, Line

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
