"""Customers in the database."""

from fastgres.repository import Repository
from shop.models import Customer
from shop.schemas.customer import CustomerQuery


class CustomerRepository(Repository[Customer]):
    """Customers that have not been deleted."""

    queries = (CustomerQuery,)
