"""Products."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from fastgres.errors import UniqueViolationError
from fastgres.http import problems
from fastgres.repository import Page
from shop.api.deps import ProductRepositoryDep, ProductServiceDep
from shop.api.responses import CREATED
from shop.core.errors import StockLimitError
from shop.models import Product
from shop.schemas.product import (
    ProductCreate,
    ProductQuery,
    ProductRead,
    ProductUpdate,
    Restock,
)

router = APIRouter(prefix="/products", tags=["products"])


@router.get("", response_model=Page[ProductRead])
async def list_products(
    query: Annotated[ProductQuery, Query()], products: ProductRepositoryDep
) -> Page[Product]:
    """List products, a page at a time."""
    return await products.page(query)


@router.post(
    "",
    response_model=ProductRead,
    status_code=status.HTTP_201_CREATED,
    responses=CREATED | problems(UniqueViolationError),
)
async def create_product(
    body: ProductCreate, service: ProductServiceDep, response: Response
) -> Product:
    """Put a product on sale; a SKU is used once."""
    product = await service.create(body)
    response.headers["Location"] = f"/products/{product.id}"
    return product


@router.get("/{product_id}", response_model=ProductRead)
async def read_product(product_id: UUID, products: ProductRepositoryDep) -> Product:
    """Read one product."""
    return await products.get(product_id)


@router.patch("/{product_id}", response_model=ProductRead, responses=problems(UniqueViolationError))
async def update_product(
    product_id: UUID, body: ProductUpdate, service: ProductServiceDep
) -> Product:
    """Change the fields that are sent."""
    return await service.update(product_id, body)


@router.delete("/{product_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_product(product_id: UUID, service: ProductServiceDep) -> None:
    """Take a product out of the shop; earlier orders keep naming it."""
    await service.delete(product_id)


@router.post(
    "/{product_id}/restock", response_model=ProductRead, responses=problems(StockLimitError)
)
async def restock_product(product_id: UUID, body: Restock, service: ProductServiceDep) -> Product:
    """Add pieces that have arrived to those in stock."""
    return await service.restock(product_id, body.quantity)
