"""CORS: the named origins, on every response, errors included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, Response

if TYPE_CHECKING:
    import httpx

    from tests.http.conftest import Serve

OURS = "https://shop.example"
THEIRS = "https://evil.example"


@pytest.fixture
async def client(router: APIRouter, serve: Serve) -> httpx.AsyncClient:
    """A service that one origin may call."""

    @router.get("/broken")
    async def broken() -> None:
        raise ValueError("a bug")

    @router.post("/things")
    async def make(body: dict[str, int]) -> dict[str, int]:
        return body

    return await serve(router, cors_origins=[OURS], cors_credentials=True, max_body_size=100)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/livez", 200), ("GET", "/nothing", 404), ("GET", "/broken", 500)],
)
async def test_own_origin_reads_every_response(
    method: str, path: str, status: int, client: httpx.AsyncClient
) -> None:
    reply = await client.request(method, path, headers={"Origin": OURS})
    assert reply.status_code == status
    assert reply.headers["Access-Control-Allow-Origin"] == OURS
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    assert "X-Request-ID" in reply.headers["Access-Control-Expose-Headers"]
    assert "Origin" in reply.headers["Vary"]


async def test_own_origin_reads_refusals_of_the_boundary(client: httpx.AsyncClient) -> None:
    reply = await client.post("/things", content=b"x" * 101, headers={"Origin": OURS})
    assert reply.status_code == 413
    assert reply.headers["Access-Control-Allow-Origin"] == OURS


async def test_other_origin_reads_nothing(client: httpx.AsyncClient) -> None:
    reply = await client.get("/livez", headers={"Origin": THEIRS})
    assert "Access-Control-Allow-Origin" not in reply.headers


async def preflight(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Ask as a browser does before a POST of JSON."""
    asked = {"Origin": OURS, "Access-Control-Request-Method": "POST"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await client.options("/things", headers=asked)


async def test_preflight_of_own_origin_is_allowed(client: httpx.AsyncClient) -> None:
    reply = await preflight(client, Access_Control_Request_Headers="content-type,x-request-id")
    assert reply.status_code == 200
    assert reply.headers["Access-Control-Allow-Origin"] == OURS
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert "X-Request-ID" in reply.headers
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": THEIRS}, "Disallowed CORS origin."),
        ({"Access_Control_Request_Method": "TRACE"}, "Disallowed CORS method."),
        ({"Access_Control_Request_Headers": "x-evil"}, "Disallowed CORS headers."),
    ],
)
async def test_refused_preflight_is_a_problem(
    headers: dict[str, str], reason: str, client: httpx.AsyncClient
) -> None:
    reply = await preflight(client, **headers)
    assert reply.status_code == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["detail"] == reason
    assert reply.json()["request_id"] == reply.headers["X-Request-ID"]


async def test_options_without_preflight_headers_goes_to_the_routes(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.options("/things")).status_code == 405


async def test_without_origins_there_is_no_cors(router: APIRouter, serve: Serve) -> None:
    reply = await (await serve(router)).get("/livez", headers={"Origin": OURS})
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "Vary" not in reply.headers


async def test_what_is_remembered_of_an_origin_is_what_it_was_told_first(
    client: httpx.AsyncClient,
) -> None:
    for headers in ({"Origin": OURS}, {"Origin": THEIRS}, {}):
        first, *others = [(await client.get("/livez", headers=headers)).headers for _ in range(3)]
        for other in others:
            assert told(other) == told(first)


def told(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Return the headers that are the same at each request."""
    return [one for one in headers.multi_items() if one[0] not in {"x-request-id", "date"}]


async def test_vary_of_a_route_is_kept(router: APIRouter, serve: Serve) -> None:
    @router.get("/varied")
    async def varied() -> Response:
        return Response("x", headers={"Vary": "Accept"})

    client = await serve(router, cors_origins=[OURS])
    for _ in range(2):
        await client.get("/livez", headers={"Origin": OURS})
        reply = await client.get("/varied", headers={"Origin": OURS})
        assert reply.headers["Vary"] == "Accept, Origin"
