"""Customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from fastgres.errors import UniqueViolationError
from fastgres.http import problems
from fastgres.repository import Page
from shop.api.deps import CustomerRepositoryDep, CustomerServiceDep
from shop.api.responses import CREATED
from shop.models import Customer
from shop.schemas.customer import CustomerCreate, CustomerQuery, CustomerRead, CustomerUpdate

router = APIRouter(prefix="/customers", tags=["customers"])


@router.get("", response_model=Page[CustomerRead])
async def list_customers(
    query: Annotated[CustomerQuery, Query()], customers: CustomerRepositoryDep
) -> Page[Customer]:
    """List customers, a page at a time."""
    return await customers.page(query)


@router.post(
    "",
    response_model=CustomerRead,
    status_code=status.HTTP_201_CREATED,
    responses=CREATED | problems(UniqueViolationError),
)
async def register_customer(
    body: CustomerCreate, service: CustomerServiceDep, response: Response
) -> Customer:
    """Register a customer; an e-mail address is registered once."""
    customer = await service.register(body)
    response.headers["Location"] = f"/customers/{customer.id}"
    return customer


@router.get("/{customer_id}", response_model=CustomerRead)
async def read_customer(customer_id: UUID, customers: CustomerRepositoryDep) -> Customer:
    """Read one customer."""
    return await customers.get(customer_id)


@router.patch(
    "/{customer_id}", response_model=CustomerRead, responses=problems(UniqueViolationError)
)
async def update_customer(
    customer_id: UUID, body: CustomerUpdate, service: CustomerServiceDep
) -> Customer:
    """Change the fields that are sent."""
    return await service.update(customer_id, body)


@router.delete("/{customer_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_customer(customer_id: UUID, service: CustomerServiceDep) -> None:
    """Delete a customer; earlier orders keep naming who placed them."""
    await service.delete(customer_id)
