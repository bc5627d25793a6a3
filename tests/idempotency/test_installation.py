"""Idempotent routes are made ready when the application starts, or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket

from fastgres.errors import ConfigurationError, MigrationError
from fastgres.idempotency import Idempotent, anyone, idempotent, prepare_idempotent
from fastgres.tables import downgrade, upgrade
from tests.idempotency.conftest import keyed, service

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.settings import Settings
    from tests.idempotency.conftest import Serve


def application(router: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app


async def nothing() -> None:
    """Do nothing."""


def test_application_without_idempotent_routes_needs_no_caller(router: APIRouter) -> None:
    router.post("/")(nothing)
    assert not prepare_idempotent(application(router))


def test_caller_is_needed(router: APIRouter) -> None:
    router.post("/orders", dependencies=[Idempotent])(nothing)
    with pytest.raises(ConfigurationError, match=r"nothing \(/orders\).*caller=anyone"):
        prepare_idempotent(application(router))


def test_own_caller_is_enough(router: APIRouter) -> None:
    router.post("/orders", dependencies=[idempotent(caller=anyone)])(nothing)
    assert prepare_idempotent(application(router))


def test_preparing_twice_changes_nothing(router: APIRouter) -> None:
    router.post("/orders", dependencies=[idempotent(caller=anyone)])(nothing)
    app = application(router)
    assert prepare_idempotent(app)
    assert prepare_idempotent(app)


async def test_one_route_in_two_places_is_two_routes(serve: Serve) -> None:
    router = APIRouter()
    router.post("/", dependencies=[Idempotent])(nothing)
    outer = APIRouter()
    outer.include_router(router, prefix="/a")
    outer.include_router(router, prefix="/b")
    client = await serve(outer)
    for path in ("/a/", "/b/"):
        assert (await client.post(path, headers=keyed(path))).status_code == 200
        again = await client.post(path, headers=keyed(path))
        assert again.headers["Idempotent-Replayed"] == "true"


async def test_application_mounted_inside_is_made_ready_too(serve: Serve) -> None:
    inner = FastAPI()
    inner.post("/orders", dependencies=[Idempotent])(nothing)
    router = APIRouter()
    router.mount("/inner", inner)
    client = await serve(router)
    assert (await client.post("/inner/orders", headers=keyed())).status_code == 200
    again = await client.post("/inner/orders", headers=keyed())
    assert again.headers["Idempotent-Replayed"] == "true"


def test_router_may_have_it_for_all_of_its_routes() -> None:
    """Those that are idempotent by their method may stream all the same."""
    router = APIRouter(dependencies=[idempotent(caller=anyone)])

    @router.get("/")
    async def lines() -> AsyncIterator[str]:
        yield "line"

    router.post("/")(nothing)
    assert prepare_idempotent(application(router))


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_route_whose_methods_are_never_answered_once_is_refused(method: str) -> None:
    """It would start, and ignore the keys; the prefix of its router is part of its name."""
    router = APIRouter(prefix="/v1", dependencies=[idempotent(caller=anyone)])
    once = idempotent(caller=anyone)
    router.api_route("/orders", methods=[method], dependencies=[once])(nothing)
    with pytest.raises(ConfigurationError, match=rf"nothing \(/v1/orders\).*\['{method}'\]"):
        prepare_idempotent(application(router))


def test_parameter_of_a_route_that_is_never_answered_once_is_refused(router: APIRouter) -> None:
    @router.get("/orders")
    async def orders(claim: Annotated[object, Idempotent]) -> None:
        """Look."""

    with pytest.raises(ConfigurationError, match="never answered once"):
        prepare_idempotent(application(router))


def test_route_with_a_method_that_is_answered_once_may_have_others(router: APIRouter) -> None:
    once = idempotent(caller=anyone)
    router.api_route("/orders", methods=["GET", "POST"], dependencies=[once])(nothing)
    assert prepare_idempotent(application(router))


def test_websocket_is_refused() -> None:
    router = APIRouter(dependencies=[idempotent(caller=anyone)])

    @router.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    with pytest.raises(ConfigurationError, match="websocket"):
        prepare_idempotent(application(router))


def test_dependency_of_a_dependency_is_refused(router: APIRouter) -> None:
    async def common(_: Annotated[None, idempotent(caller=anyone)]) -> None:
        """Depend on it."""

    router.post("/", dependencies=[Depends(common)])(nothing)
    with pytest.raises(ConfigurationError, match="dependency of a dependency"):
        prepare_idempotent(application(router))


@pytest.mark.clone
async def test_start_without_the_tables_is_refused(
    router: APIRouter, settings: Settings, database: Database
) -> None:
    router.post("/orders", dependencies=[Idempotent])(nothing)
    app = service(router, settings, database)
    async with database.engine.begin() as connection:
        await connection.run_sync(downgrade, 0)
    with pytest.raises(MigrationError, match="idempotent routes"):
        async with app.router.lifespan_context(app):
            """Never come here."""
    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade, 1)
