"""Products in the database."""

from fastgres.repository import Repository
from shop.models import Product
from shop.schemas.product import ProductQuery


class ProductRepository(Repository[Product]):
    """Products that have not been deleted, unless `include_deleted` says otherwise."""

    queries = (ProductQuery,)
