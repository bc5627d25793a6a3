"""What the routes ask for: a repository to read, a service to change something."""

from typing import Annotated

from fastapi import Depends

from fastgres.http import SessionDep
from shop.repositories.customer import CustomerRepository
from shop.services.customer import CustomerService
from shop.services.order import OrderService
from shop.services.product import ProductService


async def _customer_repository(session: SessionDep) -> CustomerRepository:
    return CustomerRepository(session)


async def _customer_service(session: SessionDep) -> CustomerService:
    return CustomerService(session)


async def _product_service(session: SessionDep) -> ProductService:
    return ProductService(session)


async def _order_service(session: SessionDep) -> OrderService:
    return OrderService(session)


CustomerRepositoryDep = Annotated[CustomerRepository, Depends(_customer_repository)]
CustomerServiceDep = Annotated[CustomerService, Depends(_customer_service)]
ProductServiceDep = Annotated[ProductService, Depends(_product_service)]
OrderServiceDep = Annotated[OrderService, Depends(_order_service)]
