"""Keeping products up to date and in stock."""

from uuid import UUID

from fastgres.db import Session
from shop.core.errors import StockLimitError
from shop.models import Product
from shop.models.product import MAX_STOCK
from shop.repositories.product import ProductRepository
from shop.schemas.product import ProductUpdate


class ProductService:
    """Change products, one unit of work a call."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.products = ProductRepository(session)

    async def update(self, product_id: UUID, body: ProductUpdate) -> Product:
        """Change the fields that were sent; orders keep the price they were placed at."""
        async with self.session.begin():
            product = await self.products.get_for_update(product_id)
            return await self.products.update(product, body.model_dump(exclude_unset=True))

    async def restock(self, product_id: UUID, quantity: int) -> Product:
        """Add to the stock, under the lock that orders take pieces out of it."""
        async with self.session.begin():
            product = await self.products.get_for_update(product_id)
            stock = product.stock + quantity
            if stock > MAX_STOCK:
                raise StockLimitError(f"{stock} pieces; the shop can hold {MAX_STOCK}.")
            return await self.products.update(product, {"stock": stock})

    async def delete(self, product_id: UUID) -> None:
        """Hide the product; the row stays for the orders that refer to it."""
        async with self.session.begin():
            product = await self.products.get_for_update(product_id)
            await self.products.soft_delete(product)
