"""Orders in the database."""

from sqlalchemy.orm import joinedload, selectinload

from fastgres.repository import Repository
from shop.models import Order, OrderItem
from shop.schemas.order import OrderQuery


class OrderRepository(Repository[Order]):
    """Orders, always with their customer and their lines: two statements, however many.

    Read them with `include_deleted=True`: an order keeps naming the customer and the products
    it was placed with.
    """

    queries = (OrderQuery,)
    default_options = (
        joinedload(Order.customer, innerjoin=True),
        selectinload(Order.items).joinedload(OrderItem.product, innerjoin=True),
    )
