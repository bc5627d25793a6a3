"""Orders."""

from uuid import UUID

from fastapi import Response, status

from fastgres.endpoints import ReadRouter
from fastgres.errors import NotFoundError, TransitionError
from fastgres.http import problems
from fastgres.idempotency import idempotent
from shop.api.deps import AnsweredOnce, OrderServiceDep, PaymentServiceDep
from shop.api.responses import CREATED
from shop.core.errors import CardDeclinedError, NotForSaleError, OutOfStockError
from shop.models import Order
from shop.repositories.order import OrderRepository
from shop.schemas.order import OrderCreate, OrderPay, OrderQuery, OrderRead, OrderUpdate

router = ReadRouter(prefix="/orders", tags=["orders"])


router.page(
    "",
    OrderRepository,
    OrderRead,
    OrderQuery,
    fields=True,
    include_deleted=True,
    description="List orders with their customers and lines, a page at a time.",
)


@router.post(
    "",
    response_model=OrderRead,
    status_code=status.HTTP_201_CREATED,
    dependencies=[AnsweredOnce],
    responses=CREATED | problems(NotFoundError, OutOfStockError, NotForSaleError),
)
async def place_order(body: OrderCreate, service: OrderServiceDep, response: Response) -> Order:
    """Place an order; its pieces are reserved at once, or none of them.

    Lines of the same product become one. An unknown customer or product is 404.
    """
    order = await service.place(body)
    response.headers["Location"] = f"/orders/{order.id}"
    return order


router.one(
    "/{order_id}",
    OrderRepository,
    OrderRead,
    fields=True,
    etag=True,
    cache="private, no-cache",
    include_deleted=True,
    description="Read one order with its customer and its lines.",
)


@router.patch("/{order_id}", response_model=OrderRead)
async def update_order(order_id: UUID, body: OrderUpdate, service: OrderServiceDep) -> Order:
    """Change the note; null removes it."""
    return await service.update(order_id, body)


@router.post(
    "/{order_id}/pay",
    response_model=OrderRead,
    responses=problems(TransitionError, CardDeclinedError),
    dependencies=[idempotent(stored=(CardDeclinedError.status,))],
)
async def pay_order(order_id: UUID, body: OrderPay, service: PaymentServiceDep) -> Order:
    """Charge a card for a placed order.

    503 when the payment provider does not answer: send the same request with the same key again,
    and the card is charged once.
    """
    return await service.pay(order_id, card=body.card)


@router.post("/{order_id}/ship", response_model=OrderRead, responses=problems(TransitionError))
async def ship_order(order_id: UUID, service: OrderServiceDep) -> Order:
    """Mark a paid order as shipped."""
    return await service.ship(order_id)


@router.post("/{order_id}/cancel", response_model=OrderRead, responses=problems(TransitionError))
async def cancel_order(order_id: UUID, service: OrderServiceDep) -> Order:
    """Cancel an order that has not been shipped; its pieces go back into stock."""
    return await service.cancel(order_id)
