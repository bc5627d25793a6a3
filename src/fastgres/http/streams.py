"""Handlers that are the body of their response: the session is over before they run."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Final

from fastapi.routing import iter_route_contexts

from fastgres.errors import ConfigurationError
from fastgres.http.dependencies import provide_session, takes_session
from fastgres.http.exchange import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.routing import BaseRoute

_REQUEST: Final = "__fastgres_request__"
_SEPARATED: Final = "__fastgres_separated__"

_WAY_OUT: Final = (
    "The session of a request is closed when its response begins, so that no connection waits for "
    "a slow client, and what this handler yields is the response. Ask for DatabaseDep instead, and "
    "read inside `async with database.session() as session:` before each `yield`."
)


def separate_streams(routes: Sequence[BaseRoute]) -> None:
    """Keep handlers that stream what they `yield` from the session of the request.

    FastAPI begins such a handler beside the response: a statement in it would run on the connection
    that is given back at the same time. Raises ConfigurationError for a handler that asks for the
    session; what has it otherwise is refused its statements. Dependencies run before, and may.
    """
    for context in iter_route_contexts(routes):
        route: Any = context
        dependant = getattr(route, "dependant", None)
        if dependant is None or not inspect.isasyncgenfunction(inspect.unwrap(dependant.call)):
            continue
        for each in dependant.dependencies:
            if each.call is provide_session or takes_session(each.call):
                raise ConfigurationError(
                    f"The route {route.path} ({route.name}) streams what it yields and asks for "
                    f"the session of its request. {_WAY_OUT}"
                )
        if not hasattr(dependant.call, _SEPARATED):
            _separate(dependant)


def _separate(dependant: Any) -> None:
    hidden = dependant.request_param_name is None
    dependant.request_param_name = dependant.request_param_name or _REQUEST
    dependant.call = _separated(dependant.call, dependant.request_param_name, hidden=hidden)


def _separated(
    handler: Callable[..., AsyncIterator[Any]], name: str, *, hidden: bool
) -> Callable[..., AsyncIterator[Any]]:
    """Return the handler that bars the session when it is called, before anything of it runs."""

    @functools.wraps(handler)
    def streamed(**values: Any) -> AsyncIterator[Any]:
        request = values.pop(name) if hidden else values[name]
        exchange = request.scope.get(EXCHANGE)
        if exchange is not None:
            exchange.unit.bar(_WAY_OUT)
        return handler(**values)

    setattr(streamed, _SEPARATED, True)
    return streamed
