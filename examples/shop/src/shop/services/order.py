"""Placing orders and taking them through their states."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from fastgres.db import Session
from shop.core.errors import NotForSaleError, OutOfStockError
from shop.jobs.receipts import send_receipt
from shop.models import Order, OrderItem, OrderStatus, Product
from shop.repositories.customer import CustomerRepository
from shop.repositories.order import OrderRepository
from shop.repositories.product import ProductRepository
from shop.schemas.order import OrderCreate, OrderLine, OrderUpdate


class OrderService:
    """Change orders, one unit of work a call."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.customers = CustomerRepository(session)
        self.products = ProductRepository(session)
        self.orders = OrderRepository(session)

    async def place(self, body: OrderCreate) -> Order:
        """Reserve the pieces of every line, place the order and promise its receipt, or do nothing.

        The receipt is a job in the same transaction: there is no order without one, and no
        receipt of an order that was refused.

        Raises `NotFoundError`, `NotForSaleError` or `OutOfStockError`.
        """
        async with self.session.begin():
            customer = await self.customers.get(body.customer_id)
            items = await self._reserve(body.items)
            total = sum(item.unit_price * item.quantity for item in items)
            order = Order(customer=customer, items=items, total=total, note=body.note)
            await self.orders.add(order)
            await send_receipt.enqueue(self.session, order_id=order.id)
            return order

    async def update(self, order_id: UUID, body: OrderUpdate) -> Order:
        """Change the fields that were sent."""
        async with self.session.begin():
            order = await self.orders.get(order_id, include_deleted=True)
            return await self.orders.update(order, body.model_dump(exclude_unset=True))

    async def begin_payment(self, order_id: UUID) -> Decimal:
        """Keep a placed order for one payment and return what it costs.

        Of several payments at once one gets it; the others, and who would cancel it meanwhile,
        get `TransitionError`.
        """
        order = await self._move(order_id, to=OrderStatus.PAYING, from_=OrderStatus.PLACED)
        return order.total

    async def end_payment(self, order_id: UUID, *, paid: bool) -> Order:
        """Mark the order as paid, or as placed again when the card was declined."""
        to = OrderStatus.PAID if paid else OrderStatus.PLACED
        return await self._move(order_id, to=to, from_=OrderStatus.PAYING)

    async def ship(self, order_id: UUID) -> Order:
        """Mark a paid order as shipped; raises `TransitionError` in any other state."""
        return await self._move(order_id, to=OrderStatus.SHIPPED, from_=OrderStatus.PAID)

    async def cancel(self, order_id: UUID) -> Order:
        """Cancel an order that has not been shipped and put its pieces back into stock."""
        before = (OrderStatus.PLACED, OrderStatus.PAID)
        async with self.session.begin():
            order = await self._move(order_id, to=OrderStatus.CANCELLED, from_=before)
            pieces = {item.product_id: item.quantity for item in order.items}
            returned = await self.products.get_many_for_update(list(pieces), include_deleted=True)
            for product in returned:
                product.stock += pieces[product.id]
        return order

    async def _move(
        self, order_id: UUID, *, to: OrderStatus, from_: OrderStatus | Sequence[OrderStatus]
    ) -> Order:
        async with self.session.begin():
            await self.orders.transition(order_id, to=to, from_=from_)
            return await self.orders.get(order_id, include_deleted=True)

    async def _reserve(self, lines: Sequence[OrderLine]) -> list[OrderItem]:
        """Take the pieces out of the stock; the rows are locked by rising id, whoever asks."""
        pieces = _pieces(lines)
        products = await self.products.get_many_for_update(list(pieces))
        items = []
        for position, product in enumerate(products):
            quantity = pieces[product.id]
            _check(product, quantity, lines)
            product.stock -= quantity
            items.append(
                OrderItem(
                    product=product,
                    position=position,
                    quantity=quantity,
                    unit_price=product.price,
                )
            )
        return items


def _pieces(lines: Sequence[OrderLine]) -> dict[UUID, int]:
    """Add up the lines of the same product, in the order in which they were given."""
    pieces: dict[UUID, int] = {}
    for line in lines:
        pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    return pieces


def _check(product: Product, quantity: int, lines: Sequence[OrderLine]) -> None:
    line = [line.product_id for line in lines].index(product.id)
    if not product.active:
        raise NotForSaleError(line, sku=product.sku)
    if product.stock < quantity:
        raise OutOfStockError(line, sku=product.sku, requested=quantity, available=product.stock)
