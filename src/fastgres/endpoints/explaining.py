"""What becomes of declared routes: who answers them, why, and with which statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fastgres.endpoints.answerable import Answerable
from fastgres.endpoints.precedence import places
from fastgres.endpoints.reading import reading_of
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

    from fastgres.endpoints.declaration import Declaration
    from fastgres.endpoints.precedence import Place
    from fastgres.endpoints.reading import Reading
    from fastgres.reads import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRoute:
    """A declared route of an application. `why` says why FastAPI has to answer, if it has to.

    ```python
    from fastgres.endpoints import DeclaredRoute

    assert "why" in DeclaredRoute.__dataclass_fields__
    ```
    """

    path: str
    name: str
    answered_by: Literal["boundary", "fastapi"]
    why: str | None
    read: Explanation
    query: type[Any] | None
    takes_fields: bool
    reading: Reading = field(repr=False)

    def explain(self, query: Any = None, *, fields: str | None = None) -> Explanation:
        """Explain the statement for a query, an instance of `query`, instead of for none.

        Of all fields, or of those named `"id,customer.name"`; 422 for one that is not there.
        """
        return self.reading.explain(query, fields=fields)


def check_declared(app: FastAPI) -> None:
    """Raise `ConfigurationError` for a declared route that could answer nobody.

    Its response model cannot be filled, or a dependency asks for a parameter of the query string
    that the route, which owns the query string, refuses. As the start of a service should;
    `create_app` does it in the lifespan.

    ```python
    from fastgres.endpoints import check_declared
    from shop.main import create_app

    check_declared(create_app(settings))
    ```
    """
    for place, declared in _declared(app):
        reading_of(declared)
        known = declared.parameters.declaration.parameters
        for name in _asked_for(place.context.dependant.dependencies):
            if name not in known:
                raise ConfigurationError(
                    f"A dependency of the route {place.context.path_format!r} takes the query "
                    f"parameter {name!r}, which the route refuses as unknown: it would answer 422 "
                    "whether it is there or not. Take it from a header, or answer by an ordinary "
                    "handler."
                )


def _asked_for(dependencies: Iterable[Dependant]) -> Iterator[str]:
    """Yield the query parameters that dependencies take, and those that these depend on."""
    for each in dependencies:
        for parameter in each.query_params:
            fields = getattr(parameter.field_info.annotation, "model_fields", None)
            if fields is None:
                yield parameter.alias
            else:
                yield from (info.alias or name for name, info in fields.items())
        yield from _asked_for(each.dependencies)


def declared_routes(app: FastAPI) -> Iterator[DeclaredRoute]:
    """Yield the declared routes of an application, in the order in which they are tried.

    Raises `ConfigurationError` for a response model that cannot be filled.

    ```python
    from fastgres.app import create_app
    from fastgres.endpoints import ReadRouter, declared_routes
    from shop.repositories.order import OrderRepository
    from shop.schemas.order import OrderRead

    router = ReadRouter(prefix="/orders")
    router.one("/{order_id}", OrderRepository, OrderRead)

    app = create_app(settings, title="Orders", routers=[router], database=database)
    (route,) = declared_routes(app)
    assert (route.path, route.answered_by) == ("/orders/{order_id}", "boundary")
    assert route.read.kind == "compiled"
    ```
    """
    for place, declared in _declared(app):
        made = Answerable.of(place, declared)
        why = made if isinstance(made, str) else None
        reading = reading_of(declared)
        yield DeclaredRoute(
            path=str(place.context.path_format),
            name=declared.name,
            answered_by="boundary" if why is None else "fastapi",
            why=why,
            read=reading.explain(),
            query=declared.query,
            takes_fields=bool(declared.options.get("fields")),
            reading=reading,
        )


def _declared(app: FastAPI) -> Iterator[tuple[Place, Declaration]]:
    for place in places(app.router.routes):
        if place.declaration is not None:
            yield place, place.declaration
