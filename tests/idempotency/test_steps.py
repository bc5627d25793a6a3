"""Steps belong to a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, FastAPI

from fastgres.errors import ConfigurationError
from fastgres.idempotency import Steps, StepsDep, anyone, idempotent, prepare_idempotent

if TYPE_CHECKING:
    from tests.idempotency.conftest import Serve


async def call(key: str) -> str:
    """Return the key."""
    return key


async def pay(steps: StepsDep) -> str:
    """Call."""
    return await steps.run("charge", call)


def prepare(router: APIRouter) -> None:
    app = FastAPI()
    app.include_router(router)
    prepare_idempotent(app)


async def test_steps_of_no_request_are_not_run() -> None:
    with pytest.raises(ConfigurationError, match="Idempotent"):
        await Steps().run("charge", call)


def test_steps_need_an_idempotent_route(router: APIRouter) -> None:
    router.post("/pay")(pay)
    with pytest.raises(ConfigurationError, match="takes steps"):
        prepare(router)


def test_steps_need_a_key(router: APIRouter) -> None:
    router.post("/pay", dependencies=[idempotent(caller=anyone, required=False)])(pay)
    with pytest.raises(ConfigurationError, match="required=True"):
        prepare(router)


async def test_method_that_ignores_the_key_has_no_steps(serve: Serve) -> None:
    router = APIRouter()
    once = idempotent(caller=anyone)
    router.api_route("/pay", methods=["PUT", "POST"], dependencies=[once])(pay)
    assert (await (await serve(router)).put("/pay")).status_code == 500
