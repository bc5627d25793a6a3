"""Put the layer that answers declared routes into an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware

from fastgres.endpoints.layer import DeclaredReads
from fastgres.http import Boundary

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

_FAILURE = "fastgres.failure"


def answer_declared(app: FastAPI) -> None:
    """Let the boundary of an application answer the declared routes of its routers.

    `fastgres.app.create_app` does this for you. Call it once, after `fastgres.http.install` and
    before the first request; without it FastAPI answers them, the same and slower.

    ```python
    from fastapi import FastAPI
    from fastgres.endpoints import ReadRouter, answer_declared
    from fastgres.http import Lifecycle, install
    from shop.repositories.order import OrderRepository
    from shop.schemas.order import OrderRead

    router = ReadRouter()
    router.one("/orders/{order_id}", OrderRepository, OrderRead)

    app = FastAPI(title="Existing service")
    install(app, Lifecycle(settings, database))
    answer_declared(app)
    app.include_router(router)
    ```
    """
    build = app.build_middleware_stack

    def build_with_layer() -> ASGIApp:
        layers: list[DeclaredReads] = []
        alone = not app.user_middleware
        ours = Middleware(_innermost, service=app, layers=layers)
        app.user_middleware.append(ours)
        try:
            stack = build()
        finally:
            app.user_middleware.remove(ours)
        if alone and isinstance(stack, Boundary):
            stack.offer(layers[0])
        return stack

    app.build_middleware_stack = build_with_layer  # type: ignore[method-assign]  # as `install` does


def _innermost(app: ASGIApp, *, service: FastAPI, layers: list[DeclaredReads]) -> ASGIApp:
    """Make the layer, inside of all middleware of the application, and note it."""
    layers.append(DeclaredReads(app, service=service, failing=_Failing(service)))
    return layers[0]


class _Failing:
    """Answer an error by the exception handlers of an application, as if a route had raised it."""

    def __init__(self, app: FastAPI) -> None:
        handlers = {
            key: handler
            for key, handler in app.exception_handlers.items()
            if key not in (500, Exception)
        }
        self._layer = ExceptionMiddleware(_raise, handlers=handlers, debug=app.debug)

    async def __call__(
        self, error: Exception, scope: Scope, receive: Receive, *, send: Send
    ) -> None:
        scope[_FAILURE] = error
        await self._layer(scope, receive, send)


async def _raise(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise scope.pop(_FAILURE)
