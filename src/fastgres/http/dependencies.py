"""What a route may ask for: the session of its request, the database, the settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from fastgres.db import Database, Session
from fastgres.errors import ConfigurationError
from fastgres.http.lifecycle import Lifecycle
from fastgres.http.unit import UNIT, RequestUnit
from fastgres.settings import Settings


async def provide_lifecycle(connection: HTTPConnection) -> Lifecycle:
    """Return the lifecycle of the application; raises ConfigurationError without `install`."""
    lifecycle = getattr(connection.app.state, "lifecycle", None)
    if not isinstance(lifecycle, Lifecycle):
        raise ConfigurationError(
            "This application has no fastgres Lifecycle, so its dependencies have nothing to "
            "give. Make it with `fastgres.app.create_app`, or call "
            "`fastgres.http.install(app, Lifecycle(settings))`."
        )
    return lifecycle


async def provide_session(connection: HTTPConnection) -> Session:
    """Return the one session of this request, making it at the first call."""
    unit = connection.scope.get(UNIT)
    if not isinstance(unit, RequestUnit):
        raise ConfigurationError(
            f"SessionDep gives the session of a request, and this is a {connection.scope['type']} "
            "without the fastgres boundary around it. In a websocket ask for DatabaseDep and open "
            "`async with database.session() as session:` for each message; otherwise call "
            "`fastgres.http.install(app, Lifecycle(settings))`."
        )
    return unit.session


async def provide_database(lifecycle: Annotated[Lifecycle, Depends(provide_lifecycle)]) -> Database:
    """Return the database of the application."""
    return lifecycle.opened_database


async def provide_settings(lifecycle: Annotated[Lifecycle, Depends(provide_lifecycle)]) -> Settings:
    """Return the settings the application was made with."""
    return lifecycle.settings


LifecycleDep = Annotated[Lifecycle, Depends(provide_lifecycle)]
"""The application's lifecycle: whether it is draining, how much it is doing."""

SessionDep = Annotated[Session, Depends(provide_session)]
"""The session of the request: one for all dependencies, closed before the response leaves.

It opens no connection before its first statement. Commit by `async with session.begin():`.
"""

DatabaseDep = Annotated[Database, Depends(provide_database)]
"""The database, for sessions of your own: streams, websockets, work beside the request."""

SettingsDep = Annotated[Settings, Depends(provide_settings)]
"""The settings; annotate a dependency of yours with your own class to see its fields typed."""
