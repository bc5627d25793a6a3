"""What a route may ask for: the session of its request, the database, the settings."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated, Any, Concatenate, TypeVar
from weakref import WeakSet

from fastapi import Depends
from starlette.requests import HTTPConnection

from fastgres.db import Database, Session
from fastgres.errors import ConfigurationError
from fastgres.http.exchange import EXCHANGE, Exchange
from fastgres.http.lifecycle import LIFECYCLE, Lifecycle
from fastgres.settings import Settings

Made = TypeVar("Made")

_with_session: WeakSet[Callable[..., Any]] = WeakSet()


async def provide_lifecycle(connection: HTTPConnection) -> Lifecycle:
    """Return the lifecycle of the application; raises ConfigurationError without `install`."""
    lifecycle = connection.scope.get(LIFECYCLE)
    if not isinstance(lifecycle, Lifecycle):
        raise ConfigurationError(
            "This application has no fastgres Lifecycle, so its dependencies have nothing to "
            "give. Make it with `fastgres.app.create_app`, or call "
            "`fastgres.http.install(app, Lifecycle(settings))`."
        )
    return lifecycle


async def provide_session(connection: HTTPConnection) -> Session:
    """Return the one session of this request, making it at the first call."""
    exchange = connection.scope.get(EXCHANGE)
    if not isinstance(exchange, Exchange):
        raise ConfigurationError(
            f"SessionDep gives the session of a request, and this is a {connection.scope['type']} "
            "without the fastgres boundary around it. In a websocket ask for DatabaseDep and open "
            "`async with database.session() as session:` for each message; otherwise call "
            "`fastgres.http.install(app, Lifecycle(settings))`."
        )
    return exchange.unit.session


def with_session(
    make: Callable[Concatenate[Session, ...], Made], **values: Callable[..., Any]
) -> Callable[..., Awaitable[Made]]:
    """Return the dependency that makes this of the request's session: a repository, a service.

    Each of `values` is a dependency of its own, whose value is given to `make` by this name: the
    scope of a repository. It is always the same callable for the same arguments, which is how a
    test overrides it, and why a request makes one of each. FastAPI works less for it than for a
    function that takes a `SessionDep`.

    ```python
    from typing import Annotated

    from fastapi import Depends
    from fastgres.http import with_session
    from shop.repositories.order import OrderRepository

    OrderRepositoryDep = Annotated[OrderRepository, Depends(with_session(OrderRepository))]
    assert with_session(OrderRepository) is with_session(OrderRepository)
    ```
    """
    provide: Callable[..., Awaitable[Made]] = _dependency(make, tuple(values.items()))
    return provide


@cache
def _dependency(make: Callable[..., Any], values: tuple[tuple[str, Any], ...]) -> Any:
    async def provide(connection: HTTPConnection, **given: Any) -> Any:
        return make(await provide_session(connection), **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    asked = [inspect.Parameter(name, keyword, default=Depends(each)) for name, each in values]
    first = inspect.signature(provide, eval_str=True).parameters["connection"]
    provide.__signature__ = inspect.Signature([first, *asked])  # type: ignore[attr-defined]  # read by FastAPI
    _with_session.add(provide)
    provide.__name__ = f"with_session({getattr(make, '__name__', make)})"
    return provide


def takes_session(dependency: object) -> bool:
    """Tell whether a dependency was made by `with_session`.

    ```python
    from fastgres.http import takes_session, with_session
    from shop.services.order import OrderService

    assert takes_session(with_session(OrderService))
    ```
    """
    return dependency in _with_session


async def provide_database(lifecycle: Annotated[Lifecycle, Depends(provide_lifecycle)]) -> Database:
    """Return the database of the application."""
    return lifecycle.opened_database


async def provide_settings(lifecycle: Annotated[Lifecycle, Depends(provide_lifecycle)]) -> Settings:
    """Return the settings the application was made with."""
    return lifecycle.settings


LifecycleDep = Annotated[Lifecycle, Depends(provide_lifecycle)]
"""The application's lifecycle: whether it is draining, how much it is doing.

```python
from fastapi import APIRouter
from fastgres.http import LifecycleDep

router = APIRouter()

@router.get("/load")
async def read_load(lifecycle: LifecycleDep) -> int:
    return lifecycle.active
```
"""

SessionDep = Annotated[Session, Depends(provide_session)]
"""The session of the request: one for all dependencies, closed before the response leaves.

It opens no connection before its first statement. Commit by `async with session.begin():`.

```python
from fastapi import APIRouter
from fastgres.http import SessionDep
from sqlalchemy import func, select
from shop.models import Product

router = APIRouter()

@router.get("/products/count")
async def count_products(session: SessionDep) -> int:
    return await session.scalar(select(func.count()).select_from(Product))

assert await count_products(session) >= 0
```
"""

DatabaseDep = Annotated[Database, Depends(provide_database)]
"""The database, for sessions of your own: streams, websockets, work beside the request.

```python
from fastapi import APIRouter, WebSocket
from fastgres.http import DatabaseDep
from sqlalchemy import text

router = APIRouter()

@router.websocket("/clock")
async def tell_time(socket: WebSocket, database: DatabaseDep) -> None:
    await socket.accept()
    async for _ in socket.iter_text():
        async with database.session() as session:
            now = await session.scalar(text("SELECT now()"))
        await socket.send_text(now.isoformat())
```
"""

SettingsDep = Annotated[Settings, Depends(provide_settings)]
"""The settings, as fastgres knows them; this is how a service gets its own class typed.

```python
import inspect
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Annotated, Any, Concatenate, TypeVar

from fastapi import Depends
from fastgres.http import SettingsDep
from shop.core.config import Settings

async def provide_shop_settings(settings: SettingsDep) -> Settings:
    assert isinstance(settings, Settings)
    return settings

ShopSettingsDep = Annotated[Settings, Depends(provide_shop_settings)]
```
"""
