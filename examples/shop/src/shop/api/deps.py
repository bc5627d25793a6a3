"""What the routes ask for: a repository to read, a service to change something."""

from typing import Annotated

from fastapi import Depends

from fastgres.http import with_session
from shop.repositories.customer import CustomerRepository
from shop.services.customer import CustomerService
from shop.services.order import OrderService
from shop.services.product import ProductService


CustomerRepositoryDep = Annotated[CustomerRepository, Depends(with_session(CustomerRepository))]
CustomerServiceDep = Annotated[CustomerService, Depends(with_session(CustomerService))]
ProductServiceDep = Annotated[ProductService, Depends(with_session(ProductService))]
OrderServiceDep = Annotated[OrderService, Depends(with_session(OrderService))]
