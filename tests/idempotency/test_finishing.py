"""Requests that nobody sends again are finished all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from sqlalchemy import text

from fastgres.db import Database
from fastgres.errors import ServerUnavailableError
from fastgres.http import SessionDep
from fastgres.idempotency import Idempotent, StepsDep, finish_abandoned
from fastgres.settings import Settings
from tests.idempotency.conftest import authors, keyed, service, who_asks
from tests.models import Author

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.idempotency.conftest import Serve

NOW = timedelta()
BODY = {"name": "Ada"}


def paying(charge: Callable[[str], Awaitable[Any]]) -> APIRouter:
    router = APIRouter()

    @router.post("/pay/{email}", status_code=201, dependencies=[Idempotent])
    async def pay(
        email: str, body: dict[str, str], session: SessionDep, steps: StepsDep
    ) -> dict[str, Any]:
        receipt = await steps.run("charge", charge)
        async with session.begin():
            session.add(Author(name=body["name"], email=email))
        return {"receipt": receipt, "email": email}

    return router


class Flaky:
    """Fails as often as it is told, and then charges."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.keys: list[str] = []

    async def charge(self, key: str) -> str:
        """Charge or fail."""
        self.keys.append(key)
        if len(self.keys) <= self.failures:
            raise ServerUnavailableError
        return "receipt"


def acting(caller: str) -> dict[Any, Any]:
    async def stored_caller() -> str:
        return caller

    return {who_asks: stored_caller}


async def test_nothing_to_finish(serve: Serve, settings: Settings, database: Database) -> None:
    app = service(paying(Flaky(0).charge), settings, database)
    assert await finish_abandoned(app, age=NOW) == 0


async def test_abandoned_request_is_finished_and_its_client_given_the_answer(
    serve: Serve, settings: Settings, database: Database
) -> None:
    flaky = Flaky(1)
    router = paying(flaky.charge)
    client = await serve(router)
    headers = keyed(Authorization="Bearer eve")
    lost = await client.post("/pay/ada@example.com?a=%20b", json=BODY, headers=headers)
    assert lost.status_code == 503

    app = service(router, settings, database)
    assert await finish_abandoned(app, acting=acting, age=NOW) == 1
    assert await authors(database) == 1
    assert len(set(flaky.keys)) == 1
    assert app.dependency_overrides == {}

    again = await client.post("/pay/ada@example.com?a=%20b", json=BODY, headers=headers)
    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == {"receipt": "receipt", "email": "ada@example.com"}
    assert await finish_abandoned(app, acting=acting, age=NOW) == 0


async def test_request_that_fails_again_stays(
    serve: Serve, settings: Settings, database: Database
) -> None:
    router = paying(Flaky(2).charge)
    client = await serve(router)
    await client.post("/pay/ada@example.com", json=BODY, headers=keyed())
    app = service(router, settings, database)
    assert await finish_abandoned(app, acting=acting, age=NOW) == 0
    assert await finish_abandoned(app, acting=acting, age=NOW) == 1


async def test_request_that_its_client_may_still_send_is_left_to_it(
    serve: Serve, settings: Settings, database: Database
) -> None:
    router = paying(Flaky(1).charge)
    client = await serve(router)
    await client.post("/pay/ada@example.com", json=BODY, headers=keyed())
    assert await finish_abandoned(service(router, settings, database), acting=acting) == 0


async def test_no_secret_is_kept_of_a_request(serve: Serve, database: Database) -> None:
    client = await serve(paying(Flaky(1).charge))
    secrets = {"Authorization": "Bearer top-secret", "Cookie": "session=top-secret"}
    await client.post("/pay/ada@example.com", json=BODY, headers=keyed(**secrets))
    async with database.session() as session:
        kept = await session.scalar(text("SELECT CAST(request AS text) FROM fastgres.idempotency"))
    assert kept is not None
    assert "secret" not in kept
    assert "authorization" not in kept
