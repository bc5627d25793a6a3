"""The application that the factory makes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from fastgres.app import create_app
from fastgres.settings import Settings

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "secret_key": "0123456789012345678901234567890123456789",
    "database_url": "postgresql://nobody@127.0.0.1:1/none",
}
router = APIRouter(prefix="/things", tags=["things"])


@router.get("")
async def list_things() -> list[int]:
    """List nothing."""
    return []


def make(**settings: Any) -> FastAPI:
    """Make an application with these settings."""
    values = {"environment": "test", **settings}
    return create_app(
        Settings(**values), title="Things", routers=[router], version="2.0", description="All."
    )


async def status(app: FastAPI, path: str) -> int:
    """Ask an application for a path."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get(path)).status_code


def test_document_tells_title_version_and_description() -> None:
    info = make().openapi()["info"]
    assert info == {"title": "Things", "version": "2.0", "description": "All."}


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_docs_are_served_in_production_only_when_asked(path: str) -> None:
    assert await status(make(), path) == 200
    assert await status(make(**PRODUCTION), path) == 404
    assert await status(make(**PRODUCTION, expose_docs=True), path) == 200


async def test_trailing_slash_is_another_path() -> None:
    """A redirect would name the host and scheme that a proxy hides from us."""
    assert await status(make(), "/things") == 200
    assert await status(make(), "/things/") == 404


def test_service_made_in_production_still_knows_its_schema() -> None:
    """For the command line, which writes it to a file."""
    assert "/things" in make(**PRODUCTION).openapi()["paths"]
