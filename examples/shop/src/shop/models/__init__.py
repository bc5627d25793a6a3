"""The tables of the shop."""

from fastgres.db import Base
from shop.models.customer import Customer
from shop.models.order import Order, OrderItem, OrderStatus
from shop.models.product import Product

__all__ = ["Base", "Customer", "Order", "OrderItem", "OrderStatus", "Product"]
