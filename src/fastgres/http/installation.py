"""Put the boundary around a FastAPI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.errors import ServerErrorMiddleware

from fastgres.http.answer import answer_errors
from fastgres.http.boundary import Boundary
from fastgres.http.health import add_health_routes
from fastgres.http.mounting import answer_mounted
from fastgres.http.openapi import describe_api
from fastgres.http.policy import Policy
from fastgres.http.streams import separate_streams

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from fastgres.http.lifecycle import Lifecycle


def install(app: FastAPI, lifecycle: Lifecycle) -> None:
    """Give an application the boundary, problem documents, health routes and a clean OpenAPI.

    `fastgres.app.create_app` does this for you. Call it once, before the first request; set
    `lifecycle.database` in the application's lifespan.

    ```python
    from fastapi import FastAPI
    from fastgres.http import Lifecycle, install

    app = FastAPI(title="Existing service")
    install(app, Lifecycle(settings))
    assert "/livez" in app.openapi()["paths"]
    ```
    """
    app.state.lifecycle = lifecycle
    add_health_routes(app)
    answer_errors(app)
    describe_api(app)
    _put_outermost(app, Policy(app, lifecycle))


def _put_outermost(app: FastAPI, policy: Policy) -> None:
    """Put the boundary around all middleware, of which more may be added until the first request.

    So it goes in when the stack is built, for the layer of Starlette that does less.
    """
    build = app.build_middleware_stack

    def build_with_boundary() -> ASGIApp:
        answer_mounted(app)
        separate_streams(app.routes)
        stack = build()
        return Boundary(stack.app if type(stack) is ServerErrorMiddleware else stack, policy)

    app.build_middleware_stack = build_with_boundary  # type: ignore[method-assign]  # see above
