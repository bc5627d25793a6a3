"""Products in the database."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select

from fastgres.db import include_deleted
from fastgres.repository import Repository
from shop.models import Product
from shop.schemas.product import ProductQuery


class ProductRepository(Repository[Product]):
    """Products that have not been deleted, unless a method says otherwise."""

    queries = (ProductQuery,)

    async def lock_to_return(self, keys: Collection[UUID]) -> Sequence[Product]:
        """Lock the products of a cancelled order by rising id, deleted ones too."""
        statement = (
            select(Product)
            .where(Product.id.in_(keys))
            .order_by(Product.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(include_deleted(statement))).all()
