"""What a handler says that it returns."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from fastapi.routing import APIRoute
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import RouteContext

_GET: Final = {"GET"}


def is_plain_read(context: RouteContext) -> bool:
    """Tell whether a route is a GET by a coroutine function that says it returns a response."""
    route = context.original_route
    if not isinstance(route, APIRoute) or context.methods != _GET:
        return False
    call = context.endpoint
    if not inspect.iscoroutinefunction(call) or hasattr(call, "__wrapped__"):
        return False
    returned = _returned(call)
    return isinstance(returned, type) and issubclass(returned, Response)


def _returned(call: Callable[..., Any]) -> Any:
    try:
        return inspect.signature(call, eval_str=True).return_annotation
    except (NameError, TypeError, ValueError):
        return None
