"""What OpenAPI says of an idempotent route."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from fastgres.errors import NotFoundError, TransitionError
from fastgres.http import problems
from fastgres.idempotency import idempotent
from tests.idempotency.conftest import service

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.settings import Settings

PROBLEM = "application/problem+json"


def operations(settings: Settings, database: Database) -> dict[str, Any]:
    router = APIRouter(dependencies=[idempotent(required=False, lifetime=timedelta(hours=6))])

    @router.post("/orders", responses=problems(TransitionError, NotFoundError))
    async def place_order() -> None:
        """Place it."""

    @router.get("/orders")
    async def list_orders() -> None:
        """List them."""

    app = service(router, settings, database)
    assert app.openapi() == app.openapi()
    found: dict[str, Any] = app.openapi()["paths"]["/orders"]
    return found


def test_header_is_described(settings: Settings, database: Database) -> None:
    [parameter] = operations(settings, database)["post"]["parameters"]
    assert (parameter["name"], parameter["in"]) == ("Idempotency-Key", "header")
    assert parameter["required"] is False
    assert "6 hours" in parameter["description"]
    assert parameter["schema"]["maxLength"] == 255


def test_errors_are_described_beside_those_of_the_route(
    settings: Settings, database: Database
) -> None:
    responses = operations(settings, database)["post"]["responses"]
    assert "idempotency_key" in responses["400"]["content"][PROBLEM]["examples"]
    conflicts = responses["409"]["content"][PROBLEM]["examples"]
    assert {"request_in_progress", "invalid_transition"} <= set(conflicts)
    assert "Retry-After" in responses["409"]["headers"]
    assert "idempotency_key_reused" in responses["422"]["content"][PROBLEM]["examples"]


def test_replay_is_described(settings: Settings, database: Database) -> None:
    answer = operations(settings, database)["post"]["responses"]["200"]
    assert "Idempotent-Replayed" in answer["headers"]


def test_methods_that_ignore_the_header_do_not_speak_of_it(
    settings: Settings, database: Database
) -> None:
    operation = operations(settings, database)["get"]
    assert "parameters" not in operation
    assert "409" not in operation["responses"]
