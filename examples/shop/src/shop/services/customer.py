"""Keeping customers up to date."""

from uuid import UUID

from fastgres.db import Session
from shop.models import Customer
from shop.repositories.customer import CustomerRepository
from shop.schemas.customer import CustomerUpdate


class CustomerService:
    """Change customers, one unit of work a call."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.customers = CustomerRepository(session)

    async def update(self, customer_id: UUID, body: CustomerUpdate) -> Customer:
        """Change the fields that were sent."""
        async with self.session.begin():
            customer = await self.customers.get_for_update(customer_id)
            return await self.customers.update(customer, body.model_dump(exclude_unset=True))

    async def delete(self, customer_id: UUID) -> None:
        """Hide the customer; the row stays for the orders that refer to it."""
        async with self.session.begin():
            customer = await self.customers.get_for_update(customer_id)
            await self.customers.soft_delete(customer)
