"""What the routes of a service read: compiled, loaded or rows, and by which statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints
from urllib.parse import parse_qsl, urlencode

from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from sqlalchemy import inspect

from fastgres.dev.explaining import explain_found, query_of, refused
from fastgres.dev.handlers import Findings
from fastgres.dev.routes import row_of
from fastgres.endpoints import declared_routes
from fastgres.errors import ConfigurationError, InvalidValueError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.dev.handlers import FoundRead
    from fastgres.dev.routes import RouteRow
    from fastgres.endpoints import DeclaredRoute
    from fastgres.reads import Explanation


@dataclass(frozen=True, slots=True)
class RouteRead:
    """One read of a response model: the call as it is written, and what becomes of it.

    `unshown` are the conditions that are not in the statement, for only a request knows them.

    ```python
    from fastgres.dev import RouteRead
    from fastgres.reads import Reads
    from shop.models import Order
    from shop.schemas.order import OrderRead

    told = Reads(Order, OrderRead).explain()
    read = RouteRead("orders.one(session)", told, query=None, again=lambda query, fields: told)
    assert read.explain("").statements == 1
    ```

    `fields` is the parameter by which a client chooses fields, where there is one.
    """

    call: str
    told: Explanation
    query: type[BaseModel] | None
    again: Callable[..., Explanation] = field(repr=False)
    unshown: tuple[str, ...] = ()
    fields: str | None = None

    def explain(self, query_string: str) -> Explanation:
        """Explain the statement of a request with this query, `status=paid&fields=id,total`.

        Raises `ConfigurationError` for one that the route does not take.
        """
        if not query_string:
            return self.told
        given = parse_qsl(query_string, keep_blank_values=True)
        fields = dict(given).get(self.fields or "")
        rest = urlencode([each for each in given if each[0] != self.fields], safe=",:")
        if rest and self.query is None:
            raise ConfigurationError(
                f"{self.call} takes no query model, so nothing can be made of {rest!r}. "
                "Leave it out."
            )
        query = query_of(self.query, rest) if rest and self.query is not None else None
        try:
            return self.again(query, fields=fields)
        except InvalidValueError as error:
            raise refused(query_string, error.detail) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReads:
    """A route and its reads; `hint` says what stands in the way, or what would do better.

    `answered` is None for a mount or a websocket. `kind` is `"orm"` for a GET route that returns
    rows through its response model, and None for what reads nothing that is known.

    ```python
    from fastgres.dev import list_reads
    from shop.main import create_app

    for each in list_reads(create_app(settings)):
        assert each.kind in {"compiled", "loaded", "orm", None}
    ```
    """

    route: RouteRow
    answered: Literal["declared", "handler"] | None
    reads: tuple[RouteRead, ...] = ()
    returns_rows: bool = False
    hint: str | None = None

    @property
    def kind(self) -> Literal["compiled", "loaded", "orm"] | None:
        """The kind of its reads; loaded when one of several is."""
        if not self.reads:
            return "orm" if self.returns_rows else None
        kinds = {read.told.kind for read in self.reads}
        return "loaded" if "loaded" in kinds else "compiled"

    @property
    def statements(self) -> int | None:
        """How many statements all its reads send together."""
        return sum(read.told.statements for read in self.reads) if self.reads else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Which field makes a read loaded and why."""
        return tuple(str(why) for read in self.reads for why in read.told.reasons)


def list_reads(application: FastAPI) -> list[RouteReads]:
    """Return what each route of an application reads, in the order in which they are tried.

    Declared routes say it themselves. The reads of handlers are found in their source and in that
    of the service's functions they call, by the annotations of parameters; a read of which the
    source does not say from what and into what is not found. Raises `ConfigurationError` for a
    response model that cannot be filled.

    ```python
    from fastapi import APIRouter, Response
    from fastgres.app import create_app
    from fastgres.dev import list_reads
    from shop.api.deps import CustomerRepositoryDep
    from shop.schemas.customer import CustomerRead

    router = APIRouter()

    @router.get("/first", response_model=CustomerRead | None)
    async def read_first(customers: CustomerRepositoryDep) -> Response:
        return await customers.first(CustomerRead)

    app = create_app(settings, title="First", routers=[router], database=database)
    (found,) = [each for each in list_reads(app) if each.reads]
    assert (found.answered, found.kind, found.statements) == ("handler", "compiled", 1)
    ```
    """
    declared = {(each.path, each.name): each for each in declared_routes(application)}
    return [
        _reads_of(context, declared.get((str(context.path_format), str(context.name))))
        for context in iter_route_contexts(application.routes)
    ]


def _reads_of(context: Any, declared: DeclaredRoute | None) -> RouteReads:
    row = row_of(context)
    if declared is not None:
        return _declared(row, declared)
    if context.endpoint is None or not row.methods:
        return RouteReads(route=row, answered=None)
    found = Findings.of(context.endpoint)
    if found.reads:
        reads = tuple(map(_found, found.reads))
        return RouteReads(route=row, answered="handler", reads=reads)
    model = next(_models(getattr(context, "response_model", None)), None)
    if "GET" not in row.methods or model is None or not _returns_rows(context.endpoint, found):
        return RouteReads(route=row, answered="handler")
    calls = (each.reading(model.__name__) for each in found.rows)
    better = next((f"`{call}`" for call in calls if call), f"a read of {model.__name__}")
    hint = f"returns rows; {better} is one statement"
    return RouteReads(route=row, answered="handler", returns_rows=True, hint=hint)


def _declared(row: RouteRow, route: DeclaredRoute) -> RouteReads:
    hint = None if route.why is None else f"answered by FastAPI: {route.why}"
    read = RouteRead(
        f"declared: {row.name}",
        route.read,
        route.query,
        route.explain,
        fields="fields" if route.takes_fields else None,
    )
    return RouteReads(route=row, answered="declared", reads=(read,), hint=hint)


def _found(found: FoundRead) -> RouteRead:
    again = partial(explain_found, found)
    try:
        told = again()
    except InvalidValueError as error:
        raise ConfigurationError(
            f"The call `{found.text}` would be refused for every request. {error.detail}"
        ) from None
    return RouteRead(
        found.text, told, found.query, again, unshown=found.conditions, fields=found.fields
    )


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the response models in a type, those of a page or a list instead of these."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    generic = annotation.__pydantic_generic_metadata__["args"] if is_model else ()
    inner = [each for part in (*generic, *get_args(annotation)) for each in _models(part)]
    yield from inner or ([annotation] if is_model else [])


def _returns_rows(handler: Any, found: Findings) -> bool:
    """Tell by the annotation, or without one by the calls, whether rows become the response."""
    try:
        returned = get_type_hints(handler).get("return", Any)
    except (NameError, TypeError):
        returned = Any
    return bool(found.rows) if returned is Any else _holds_mapped(returned)


def _holds_mapped(annotation: Any) -> bool:
    if isinstance(annotation, type) and inspect(annotation, raiseerr=False) is not None:
        return True
    generic = getattr(annotation, "__pydantic_generic_metadata__", {"args": ()})["args"]
    return any(map(_holds_mapped, (*generic, *get_args(annotation))))
