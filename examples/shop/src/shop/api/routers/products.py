"""Products."""

from uuid import UUID

from fastapi import Response, status

from fastgres.endpoints import ReadRouter
from fastgres.errors import UniqueViolationError
from fastgres.http import problems
from shop.api.deps import AnsweredOnce, ProductRepositoryDep, ProductServiceDep
from shop.api.responses import CREATED
from shop.core.errors import StockLimitError
from shop.models import Product
from shop.repositories.product import ProductRepository
from shop.schemas.product import (
    ProductCreate,
    ProductQuery,
    ProductRead,
    ProductUpdate,
    Restock,
)

router = ReadRouter(prefix="/products", tags=["products"])


router.page(
    "",
    ProductRepository,
    ProductRead,
    ProductQuery,
    fields=True,
    description="List products, a page at a time.",
)


@router.post(
    "",
    response_model=ProductRead,
    status_code=status.HTTP_201_CREATED,
    dependencies=[AnsweredOnce],
    responses=CREATED | problems(UniqueViolationError),
)
async def create_product(body: ProductCreate, products: ProductRepositoryDep) -> Response:
    """Put a product on sale; a SKU is used once."""
    return await products.create(ProductRead, body, location="/products/{id}")


router.one(
    "/{product_id}",
    ProductRepository,
    ProductRead,
    fields=True,
    etag=True,
    cache="private, no-cache",
    description="Read one product.",
)


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
    "/{product_id}/restock",
    response_model=ProductRead,
    dependencies=[AnsweredOnce],
    responses=problems(StockLimitError),
)
async def restock_product(product_id: UUID, body: Restock, service: ProductServiceDep) -> Product:
    """Add pieces that have arrived to those in stock."""
    return await service.restock(product_id, body.quantity)
