"""What a route may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header

from fastgres.errors import ConfigurationError
from fastgres.http import DatabaseDep, LifecycleDep, SessionDep, SettingsDep, with_session
from tests.http.conftest import service

if TYPE_CHECKING:
    from fastgres.db import Database, Session
    from tests.http.conftest import Serve


async def test_route_gets_settings_lifecycle_and_database(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.get("/all")
    async def read(
        settings: SettingsDep, lifecycle: LifecycleDep, given: DatabaseDep
    ) -> list[bool]:
        return [settings is lifecycle.settings, given is database]

    assert (await (await serve(router, database=database)).get("/all")).json() == [True, True]


async def test_application_without_the_boundary_is_told_how_to_get_it() -> None:
    app = FastAPI()

    @app.get("/session")
    async def one(session: SessionDep) -> None: ...

    @app.get("/settings")
    async def other(settings: SettingsDep) -> None: ...

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in ("/session", "/settings"):
            with pytest.raises(ConfigurationError, match=r"fastgres\.http\.install"):
                await client.get(path)


class Till:
    """What is made of a session and of what a dependency says."""

    def __init__(self, session: Session, shop: str = "") -> None:
        self.session = session
        self.shop = shop


async def _shop(x_shop: Annotated[str, Header()]) -> str:
    return x_shop


TillDep = Annotated[Till, Depends(with_session(Till))]
ShopTillDep = Annotated[Till, Depends(with_session(Till, shop=_shop))]


async def test_what_is_made_with_the_session_is_made_once_and_shares_it(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.get("/all")
    async def read(till: TillDep, again: TillDep, session: SessionDep) -> list[bool]:
        return [till is again, till.session is session]

    assert (await (await serve(router, database=database)).get("/all")).json() == [True, True]


async def test_values_of_what_is_made_with_the_session_are_dependencies(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.get("/shop")
    async def read(till: ShopTillDep) -> str:
        return till.shop

    client = await serve(router, database=database)
    assert (await client.get("/shop", headers={"x-shop": "Berlin"})).json() == "Berlin"
    refused = await client.get("/shop")
    assert refused.status_code == 422
    assert "x-shop" in refused.text


async def test_what_is_made_with_the_session_can_be_overridden(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.get("/shop")
    async def read(till: TillDep, session: SessionDep) -> str:
        return till.shop

    async def other(session: SessionDep) -> Till:
        return Till(session, "of the test")

    app = service(router, database=database)
    app.dependency_overrides[with_session(Till)] = other
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/shop")).json() == "of the test"
