"""Placing an order with fastgres: the service that both contestants call, and the job of one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bench.contestants.fastgres_parts import (
    CustomerRepository,
    OrderRepository,
    ProductRepository,
)
from bench.contestants.models import Order, OrderItem, Product
from bench.contestants.schemas import Line, OrderCreate
from fastgres.db import Session
from fastgres.errors import ConflictError
from fastgres.jobs import job


@job(queue="mail")
async def send_receipt(order_id: UUID) -> None:
    """Stand for the receipt; no worker runs while requests are measured."""


class OrderService:
    """Place orders, one unit of work a call."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.customers = CustomerRepository(session)
        self.products = ProductRepository(session)
        self.orders = OrderRepository(session)

    async def place(self, body: OrderCreate) -> Order:
        """Take the pieces out of the stock and place the order."""
        async with self.session.begin():
            return await self._add(body)

    async def place_with_receipt(self, body: OrderCreate) -> Order:
        """Place the order and promise its receipt, both or neither."""
        async with self.session.begin():
            order = await self._add(body)
            await send_receipt.enqueue(self.session, order_id=order.id)
            return order

    async def _add(self, body: OrderCreate) -> Order:
        customer = await self.customers.get(body.customer_id)
        items = await self._reserve(body.items)
        total = sum(item.unit_price * item.quantity for item in items)
        order = Order(customer=customer, items=items, total=total, note=body.note)
        return await self.orders.add(order)

    async def _reserve(self, lines: Sequence[Line]) -> list[OrderItem]:
        """Lock the products, which is done by rising id, and take the pieces."""
        products = await self.products.get_many_for_update([line.product_id for line in lines])
        places = enumerate(zip(products, lines, strict=True), 1)
        return [_take(product, line, position) for position, (product, line) in places]


def _take(product: Product, line: Line, position: int) -> OrderItem:
    if product.stock < line.quantity:
        raise ConflictError(f"There are {product.stock} pieces left of {product.sku}.")
    product.stock -= line.quantity
    return OrderItem(
        product_id=product.id,
        position=position,
        product=product.name,
        quantity=line.quantity,
        unit_price=product.price,
    )
