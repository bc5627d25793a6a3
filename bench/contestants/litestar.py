"""Litestar with advanced-alchemy's service and msgspec, as the documentation of both has it.

Lists are paged by `pageSize` and `currentPage`, which advanced-alchemy turns into limit and
offset. Its examples count each list as well; here nobody does.
"""

import datetime as dt
import os
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID, uuid4

import msgspec
from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyPlugin,
    base,
    filters,
    providers,
    repository,
    service,
)
from litestar import Controller, Litestar, get, post
from litestar.params import Dependency
from sqlalchemy import DateTime, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship


def now() -> dt.datetime:
    """Return the time, as advanced-alchemy's audit columns have it."""
    return dt.datetime.now(dt.UTC)


class CustomerModel(base.DefaultBase):
    """Who buys."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(default=uuid4, primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    city: Mapped[str]
    phone: Mapped[str | None]
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), default=now)
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), default=now)


class ItemModel(base.DefaultBase):
    """One line of an order."""

    __tablename__ = "order_items"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[UUID]
    position: Mapped[int]
    product: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


class OrderModel(base.DefaultBase):
    """What a customer bought at once."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    note: Mapped[str | None]
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    customer: Mapped[CustomerModel] = relationship(lazy="joined", innerjoin=True, viewonly=True)
    items: Mapped[list[ItemModel]] = relationship(lazy="selectin", order_by=ItemModel.position)


class Buyer(msgspec.Struct):
    """The customer within an order."""

    id: UUID
    email: str
    name: str


class CustomerCreate(msgspec.Struct):
    """A customer to add."""

    email: str
    name: str
    city: str
    phone: str | None = None


class Customer(msgspec.Struct):
    """The flat row."""

    id: UUID
    email: str
    name: str
    city: str
    created_at: dt.datetime


class Item(msgspec.Struct):
    """One line of an order."""

    id: UUID
    product: str
    quantity: int
    unit_price: Decimal


class Order(msgspec.Struct):
    """The nested order."""

    id: UUID
    status: str
    total: Decimal
    note: str | None
    created_at: dt.datetime
    customer: Buyer
    items: list[Item]


class CustomerService(service.SQLAlchemyAsyncRepositoryService[CustomerModel]):
    """Customers."""

    class Repo(repository.SQLAlchemyAsyncRepository[CustomerModel]):
        """The table of customers."""

        model_type = CustomerModel

    repository_type = Repo


class OrderService(service.SQLAlchemyAsyncRepositoryService[OrderModel]):
    """Orders."""

    class Repo(repository.SQLAlchemyAsyncRepository[OrderModel]):
        """The table of orders."""

        model_type = OrderModel

    repository_type = Repo


class CustomerController(Controller):
    """Reading and adding customers."""

    dependencies = providers.create_service_dependencies(CustomerService, "customers_service")

    @get(path="/customers/{customer_id:uuid}")
    async def get_customer(self, customers_service: CustomerService, customer_id: UUID) -> Customer:
        """Read one row."""
        found = await customers_service.get(customer_id)
        return customers_service.to_schema(found, schema_type=Customer)

    @post(path="/customers")
    async def create_customer(
        self, customers_service: CustomerService, data: CustomerCreate
    ) -> Customer:
        """Add one row."""
        created = await customers_service.create(data)
        return customers_service.to_schema(created, schema_type=Customer)


class OrderController(Controller):
    """Reading orders."""

    dependencies = providers.create_service_dependencies(
        OrderService, "orders_service", filters={"pagination_type": "limit_offset"}
    )

    @get(path="/orders/{order_id:uuid}")
    async def get_order(self, orders_service: OrderService, order_id: UUID) -> Order:
        """Read one order with what belongs to it."""
        found = await orders_service.get(order_id)
        return orders_service.to_schema(found, schema_type=Order)

    @get(path="/orders")
    async def list_orders(
        self,
        orders_service: OrderService,
        filters: Annotated[list[filters.FilterTypes], Dependency(skip_validation=True)],
        status: str | None = None,
        total_min: Decimal | None = None,
        sort: Literal["-created_at", "-total"] = "-created_at",
    ) -> service.OffsetPagination[Order]:
        """Read a page of orders, filtered and sorted."""
        conditions = []
        if status is not None:
            conditions.append(OrderModel.status == status)
        if total_min is not None:
            conditions.append(OrderModel.total >= total_min)
        found = await orders_service.get_many(
            *filters, *conditions, order_by=[(sort.removeprefix("-"), True), ("id", True)]
        )
        return orders_service.to_schema(found, filters=filters, schema_type=Order)


app = Litestar(
    route_handlers=[CustomerController, OrderController],
    plugins=[
        SQLAlchemyPlugin(
            config=SQLAlchemyAsyncConfig(
                connection_string=os.environ["DATABASE_URL"].replace(
                    "postgresql:", "postgresql+asyncpg:"
                ),
                before_send_handler="autocommit",
                session_config=AsyncSessionConfig(expire_on_commit=False),
                engine_config=EngineConfig(pool_size=10, max_overflow=0),
            )
        )
    ],
)
