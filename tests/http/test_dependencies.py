"""What a route may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from fastgres.errors import ConfigurationError
from fastgres.http import DatabaseDep, LifecycleDep, SessionDep, SettingsDep

if TYPE_CHECKING:
    from fastgres.db import Database
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
