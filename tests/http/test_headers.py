"""Security headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Response

if TYPE_CHECKING:
    from tests.http.conftest import Serve

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "secret_key": "0123456789012345678901234567890123456789",
    "database_url": "postgresql://nobody@127.0.0.1:1/none",
}


@pytest.mark.parametrize("path", ["/livez", "/nothing-here"])
async def test_every_response_carries_them(path: str, router: APIRouter, serve: Serve) -> None:
    headers = (await (await serve(router)).get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors")


async def test_route_may_set_its_own(router: APIRouter, serve: Serve) -> None:
    @router.get("/page")
    async def page() -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "default-src 'self'"})

    reply = await (await serve(router)).get("/page")
    assert reply.headers.get_list("Content-Security-Policy") == ["default-src 'self'"]


async def test_docs_may_load_what_they_need(router: APIRouter, serve: Serve) -> None:
    reply = await (await serve(router)).get("/docs")
    policy = reply.headers["Content-Security-Policy"]
    assert reply.status_code == 200
    assert "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net" in policy
    assert "frame-ancestors 'none'" in policy


async def test_hsts_is_for_production_alone(router: APIRouter, serve: Serve) -> None:
    """A browser that saw it on localhost would refuse plain http there for a year."""
    here = await (await serve(router)).get("/livez")
    there = await (await serve(router, **PRODUCTION)).get("/livez")
    assert "Strict-Transport-Security" not in here.headers
    assert there.headers["Strict-Transport-Security"] == "max-age=31536000"
