"""What a declared route takes besides path, repository and response model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from enum import Enum

    from sqlalchemy import ColumnExpressionArgument

    ScopeDependency = Callable[..., Awaitable[Any]]


class ReadRouteOptions(TypedDict, total=False):
    """What every declared route takes besides path, repository and response model.

    `name` is the operation's id (default `read_order`, `list_orders`); `summary` to
    `include_in_schema` are FastAPI's. `keys` says which column a path parameter means, where the
    names do not. `scope` gives for a column the dependency that returns the caller's value, and
    makes up what the repository's `scoped_by` asks for. `where` are further conditions, fixed ones.

    `fields` lets clients choose fields by `?fields=id,customer.name`; `etag` gives responses a
    strong `ETag` and answers 304; `cache` is their `Cache-Control`. `include_deleted` shows
    soft-deleted rows, `exclude_none` leaves null fields out.

    ```python
    from fastgres.endpoints import ReadRouteOptions

    options: ReadRouteOptions = {"etag": True, "cache": "private, max-age=60"}
    ```
    """

    name: str
    summary: str
    description: str
    tags: Sequence[str | Enum]
    responses: Mapping[int | str, dict[str, Any]]
    deprecated: bool
    include_in_schema: bool
    keys: Mapping[str, str]
    scope: Mapping[str, ScopeDependency]
    where: Sequence[ColumnExpressionArgument[bool]]
    fields: bool
    etag: bool
    cache: str
    include_deleted: bool
    exclude_none: bool


class PageRouteOptions(ReadRouteOptions, total=False):
    """The options of `ReadRouter.page`; `count` is as for `Repository.page`.

    ```python
    from fastgres.endpoints import PageRouteOptions

    options: PageRouteOptions = {"count": "exact"}
    ```
    """

    count: Literal["none", "exact", "estimated"]


class ListRouteOptions(ReadRouteOptions, total=False):
    """The options of `ReadRouter.list`: its order, before the primary key, and most rows (100).

    ```python
    from fastgres.endpoints import ListRouteOptions
    from shop.models import Order

    options: ListRouteOptions = {"order_by": [Order.total.desc()], "limit": 10}
    ```
    """

    order_by: Sequence[ColumnExpressionArgument[Any]]
    limit: int
