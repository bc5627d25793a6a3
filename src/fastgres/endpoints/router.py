"""The router on which reads are declared instead of written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Unpack

from fastapi import APIRouter

from fastgres.endpoints.declaration import Kind, declare, remember
from fastgres.endpoints.documentation import responses_of
from fastgres.endpoints.handler import handler_of
from fastgres.endpoints.options import ListRouteOptions, PageRouteOptions, ReadRouteOptions
from fastgres.errors import UnknownNameError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from fastgres.endpoints.declaration import Declaration
    from fastgres.repository import KeysetQuery, OffsetQuery, Repository

_OPTIONS: Final[Mapping[Kind, type[Any]]] = {
    "one": ReadRouteOptions,
    "page": PageRouteOptions,
    "list": ListRouteOptions,
}
_DOCUMENTED = ("summary", "description", "tags", "deprecated", "include_in_schema")


class ReadRouter(APIRouter):
    """An `APIRouter` on which a route that only reads is declared, not written.

    Each declaration is a route of FastAPI's like any other: in OpenAPI, with its errors, its
    `dependency_overrides` and its place in the order of routes. In an application of `create_app`
    the boundary answers it without FastAPI's work per request, wherever that gives the same
    response. What a declaration cannot say is written as an ordinary handler, here too.

    A path parameter that is called like a column is that column; the one that is left in `one` is
    the primary key. Its type is the column's. Raises `ConfigurationError` for a path that cannot
    be understood, and a repository whose `scoped_by` the `scope` does not make up.

    ```python
    from fastgres.app import create_app
    from fastgres.endpoints import ReadRouter
    from shop.repositories.order import OrderRepository
    from shop.schemas.order import OrderQuery, OrderRead

    router = ReadRouter(prefix="/orders", tags=["orders"])
    router.page("", OrderRepository, OrderRead, OrderQuery)
    router.one("/{order_id}", OrderRepository, OrderRead, etag=True)

    app = create_app(settings, title="Orders", routers=[router], database=database)
    operation = app.openapi()["paths"]["/orders/{order_id}"]["get"]
    assert operation["operationId"] == "read_order"
    ```
    """

    def one(
        self,
        path: str,
        repository: type[Repository[Any]],
        model: type[BaseModel],
        **options: Unpack[ReadRouteOptions],
    ) -> None:
        """Answer with the one row that the path names; 404 without one.

        Raises `ConfigurationError` when several rows may have these values.
        """
        self._declare("one", path, repository=repository, model=model, options=options)

    def page(  # noqa: PLR0917 - the four things that a page consists of
        self,
        path: str,
        repository: type[Repository[Any]],
        model: type[BaseModel],
        query: type[KeysetQuery | OffsetQuery],
        **options: Unpack[PageRouteOptions],
    ) -> None:
        """Answer with a page of the list that the query model describes, by cursor or by number.

        Path parameters narrow the list: `/customers/{customer_id}/orders`.
        """
        self._declare(
            "page", path, repository=repository, model=model, query=query, options=options
        )

    def list(
        self,
        path: str,
        repository: type[Repository[Any]],
        model: type[BaseModel],
        **options: Unpack[ListRouteOptions],
    ) -> None:
        """Answer with the first rows of an order, as a JSON array."""
        self._declare("list", path, repository=repository, model=model, options=options)

    def _declare(self, kind: Any, path: str, **given: Any) -> Declaration:
        _check_options(kind, path, given["options"])
        declaration = declare(kind, self.prefix + path, **given)
        handler = handler_of(declaration)
        remember(handler, declaration)
        options = declaration.options
        documented = {name: options[name] for name in _DOCUMENTED if name in options}
        self.add_api_route(
            path,
            handler,
            methods=["GET"],
            response_model=declaration.response_model,
            response_model_exclude_none=options.get("exclude_none", False),
            responses=responses_of(declaration),
            **documented,
        )
        return declaration


def _check_options(kind: Kind, path: str, given: Mapping[str, Any]) -> None:
    """Refuse an option that is none: a misspelt `where` would show everything to everybody."""
    known = _OPTIONS[kind].__annotations__.keys() | ReadRouteOptions.__annotations__.keys()
    for name in given:
        if name not in known:
            raise UnknownNameError(f"option of the route {path!r}", name, known)
