"""Applications mounted inside ours: their errors are answered like our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette

from fastgres.http.answer import ANSWERED, answer_error
from fastgres.http.lifecycle import has_boundary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

_DEFAULTS = (None, http_exception_handler, request_validation_exception_handler)


def answer_mounted(app: Starlette) -> None:
    """Give every application mounted in `app` our handlers, except where it has its own.

    One with a boundary of its own, as `create_app` makes it, sees to itself.
    """
    for inner in _mounted_in(app):
        if not has_boundary(inner):
            _answer(inner)
            answer_mounted(inner)


def _mounted_in(app: Starlette) -> Iterator[Starlette]:
    for context in iter_route_contexts(app.routes):
        inner = getattr(context.original_route, "app", None)
        if isinstance(inner, Starlette):
            yield inner


def _answer(inner: Starlette) -> None:
    handlers = inner.exception_handlers
    for kind in ANSWERED:
        if handlers.get(kind) in _DEFAULTS:
            inner.add_exception_handler(kind, answer_error)
    if 500 not in handlers:
        handlers.setdefault(Exception, _pass_on)
    inner.middleware_stack = None


async def _pass_on(_request: Request, error: Exception) -> Response:
    """Leave a bug to the boundary; Starlette would answer it in plain text first."""
    raise error
