"""Customers."""

from uuid import UUID

from fastapi import Response, status

from fastgres.endpoints import ReadRouter
from fastgres.errors import UniqueViolationError
from fastgres.http import problems
from shop.api.deps import AnsweredOnce, CustomerRepositoryDep, CustomerServiceDep
from shop.api.responses import CREATED
from shop.models import Customer
from shop.repositories.customer import CustomerRepository
from shop.schemas.customer import CustomerCreate, CustomerQuery, CustomerRead, CustomerUpdate

router = ReadRouter(prefix="/customers", tags=["customers"])


router.page(
    "",
    CustomerRepository,
    CustomerRead,
    CustomerQuery,
    fields=True,
    description="List customers, a page at a time.",
)


@router.post(
    "",
    response_model=CustomerRead,
    status_code=status.HTTP_201_CREATED,
    dependencies=[AnsweredOnce],
    responses=CREATED | problems(UniqueViolationError),
)
async def register_customer(body: CustomerCreate, customers: CustomerRepositoryDep) -> Response:
    """Register a customer; an e-mail address is registered once."""
    return await customers.create(CustomerRead, body, location="/customers/{id}")


router.one(
    "/{customer_id}",
    CustomerRepository,
    CustomerRead,
    fields=True,
    etag=True,
    cache="private, no-cache",
    description="Read one customer.",
)


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
