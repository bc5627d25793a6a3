"""Django Ninja on gunicorn's threads: `def` operations, Django's ORM, one process.

Ten threads with a lasting connection each are its pool. Lists are walked with Ninja's own
`CursorPagination`, which does not count, as its default would.
"""

import os
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.shortcuts import get_object_or_404
from django.urls import path

settings.configure(
    DEBUG=False,
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    TIME_ZONE="UTC",
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "CONN_MAX_AGE": None,
        }
    },
)
django.setup()

from ninja import FilterLookup, FilterSchema, NinjaAPI, Query, Schema  # noqa: E402 - Django's settings come first
from ninja.pagination import CursorPagination, paginate  # noqa: E402 - Django's settings come first


class Customer(models.Model):
    """Who buys."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.TextField()
    name = models.TextField()
    city = models.TextField()
    phone = models.TextField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Where it is."""

        app_label = "bench"
        db_table = "customers"
        managed = False


class Order(models.Model):
    """What a customer bought at once."""

    id = models.UUIDField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    status = models.TextField()
    total = models.DecimalField(max_digits=12, decimal_places=2)
    note = models.TextField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        """Where it is."""

        app_label = "bench"
        db_table = "orders"
        managed = False


class OrderItem(models.Model):
    """One line of an order."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product_id = models.UUIDField()
    position = models.SmallIntegerField()
    product = models.TextField()
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        """Where it is, and in which order."""

        app_label = "bench"
        db_table = "order_items"
        managed = False
        ordering = ["position"]


class CustomerIn(Schema):
    """A customer to add."""

    email: str
    name: str
    city: str
    phone: str | None = None


class BuyerOut(Schema):
    """The customer within an order."""

    id: UUID
    email: str
    name: str


class CustomerOut(BuyerOut):
    """The flat row."""

    city: str
    created_at: datetime


class ItemOut(Schema):
    """One line of an order."""

    id: UUID
    product: str
    quantity: int
    unit_price: Decimal


class OrderOut(Schema):
    """The nested order."""

    id: UUID
    status: str
    total: Decimal
    note: str | None
    created_at: datetime
    customer: BuyerOut
    items: list[ItemOut]


class OrderFilter(FilterSchema):
    """What a list may be filtered by."""

    status: str | None = None
    total_min: Annotated[Decimal | None, FilterLookup("total__gte")] = None


api = NinjaAPI()


@api.get("/customers/{uuid:key}", response=CustomerOut)
def read_customer(request: Any, key: UUID) -> Any:
    """Read one row."""
    return get_object_or_404(Customer, pk=key)


@api.post("/customers", response={201: CustomerOut})
def create_customer(request: Any, payload: CustomerIn) -> Any:
    """Add one row."""
    return 201, Customer.objects.create(**payload.dict())


@api.get("/orders/{uuid:key}", response=OrderOut)
def read_order(request: Any, key: UUID) -> Any:
    """Read one order with what belongs to it."""
    return get_object_or_404(nested(), pk=key)


@api.get("/orders", response=list[OrderOut])
@paginate(CursorPagination, ordering=("-created_at", "-id"), page_size=50)
def list_orders(request: Any) -> Any:
    """Read a page of the newest orders."""
    return nested()


@api.get("/search", response=list[OrderOut])
@paginate(CursorPagination, ordering=("-total", "-id"), page_size=50)
def search_orders(request: Any, filters: Query[OrderFilter]) -> Any:
    """Read a page of orders, filtered, the dearest first."""
    return filters.filter(nested())


def nested() -> Any:
    """Select orders with customer and items."""
    return Order.objects.select_related("customer").prefetch_related("items")


urlpatterns = [path("", api.urls)]
app = get_wsgi_application()
