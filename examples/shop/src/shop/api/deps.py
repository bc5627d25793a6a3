"""What the routes ask for: a repository to read or create, a service to change something."""

from typing import Annotated

from fastapi import Depends, Request

from fastgres.http import with_session
from fastgres.idempotency import StepsDep, idempotent
from shop.repositories.customer import CustomerRepository
from shop.repositories.product import ProductRepository
from shop.services.customer import CustomerService
from shop.services.order import OrderService
from shop.services.payment import PaymentService
from shop.services.product import ProductService

AnsweredOnce = idempotent(required=False)
"""For a POST: it happens once for each Idempotency-Key; a client that sends none takes the risk."""

CustomerRepositoryDep = Annotated[CustomerRepository, Depends(with_session(CustomerRepository))]
CustomerServiceDep = Annotated[CustomerService, Depends(with_session(CustomerService))]
ProductRepositoryDep = Annotated[ProductRepository, Depends(with_session(ProductRepository))]
ProductServiceDep = Annotated[ProductService, Depends(with_session(ProductService))]
OrderServiceDep = Annotated[OrderService, Depends(with_session(OrderService))]


async def provide_payments(
    request: Request, orders: OrderServiceDep, steps: StepsDep
) -> PaymentService:
    """Return what pays orders, with the provider's client of this application."""
    return PaymentService(orders, request.app.state.payments, steps)


PaymentServiceDep = Annotated[PaymentService, Depends(provide_payments)]
