"""Make an application: the one place that knows every part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from fastgres.app.lifespan import Resources
from fastgres.app.service import Service
from fastgres.endpoints import answer_declared
from fastgres.http import Lifecycle, install
from fastgres.idempotency import describe_idempotent
from fastgres.jobs import find_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import ModuleType

    from fastapi import APIRouter, FastAPI
    from sqlalchemy import MetaData

    from fastgres.db import Database
    from fastgres.jobs import Job
    from fastgres.settings import Settings


class AppOptions(TypedDict, total=False):
    """What `create_app` takes besides title and routers.

    ```python
    from fastgres.app import AppOptions, create_app

    options: AppOptions = {"version": "2.1.0", "database": database}
    app = create_app(settings, title="Greeter", routers=[], **options)
    assert app.version == "2.1.0"
    ```
    """

    version: str
    description: str
    tags: list[dict[str, str]]
    metadata: MetaData | None
    database: Database | None
    database_url: str | None
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None
    caller: Callable[..., Any] | None
    jobs: Sequence[ModuleType | Job[Any]]


def create_app(
    settings: Settings,
    *,
    title: str,
    routers: Sequence[APIRouter],
    **options: Unpack[AppOptions],
) -> FastAPI:
    """Return the service: its routers behind the boundary, its database opened in the lifespan.

    `version`, `description` and `tags` go into the OpenAPI document; `metadata` (default
    `Base.metadata`) names constraints in errors; `lifespan` opens what the service needs of its
    own, after the database and closed before it. `caller` is the dependency that returns who asks,
    for idempotent routes; `jobs` are those that workers run, and modules of them. Tests pass an
    open `database`, which is left open, or a `database_url`. `app.state.lifecycle` is the
    `Lifecycle`.

    The docs are at `/docs` and `/openapi.json`, in production only with `expose_docs`. A trailing
    slash is a different path: 404, no redirect.

    ```python
    from fastapi import APIRouter
    from fastgres.app import create_app

    router = APIRouter(prefix="/greetings", tags=["greetings"])

    @router.get("")
    async def greet() -> dict[str, str]:
        return {"hello": "world"}

    app = create_app(settings, title="Greeter", routers=[router], database=database)
    assert app.openapi()["paths"]["/greetings"]["get"]["operationId"] == "greet"
    ```
    """
    lifecycle = Lifecycle(settings, options.get("database"))
    resources = Resources(
        lifecycle=lifecycle,
        metadata=options.get("metadata"),
        database_url=options.get("database_url"),
        own=options.get("lifespan"),
    )
    jobs = find_jobs(options.get("jobs", ()))
    app = Service(
        title=title,
        version=options.get("version", "0.1.0"),
        description=options.get("description", ""),
        openapi_tags=options.get("tags"),
        docs_url="/docs" if settings.serves_docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.serves_docs else None,
        redirect_slashes=False,
        lifespan=resources.opened,
    )
    app.state.jobs = jobs
    app.state.caller = options.get("caller")
    install(app, lifecycle)
    answer_declared(app)
    describe_idempotent(app)
    for router in routers:
        app.include_router(router)
    return app
