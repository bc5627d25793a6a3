"""Finish the requests that were begun and that nobody sends again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastgres.http import Lifecycle
from fastgres.idempotency import sql
from fastgres.idempotency.installation import prepare_idempotent
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI

    Overrides = Mapping[Callable[..., Any], Callable[..., Any]]

log = get_logger(__name__)


async def finish_abandoned(
    app: FastAPI,
    *,
    acting: Callable[[str], Overrides] | None = None,
    age: timedelta = timedelta(minutes=1),
    limit: int = 20,
) -> int:
    """Run again what was begun and is held by nobody for `age`; return how many were finished.

    For a job that runs every minute: a request whose client never came back is taken up at its
    recovery point, by its own route, and its answer is stored. `app` is an application made for
    this, which serves nobody. Where routes know who asks, `acting` returns the dependency overrides
    that make a request one of this caller, as tests use them. What is not finished is tried again,
    `limit` at a time, until the row expires.

    ```python
    from fastgres.idempotency import finish_abandoned
    from shop.main import create_app

    assert await finish_abandoned(create_app(settings, database)) == 0
    ```
    """
    prepare_idempotent(app)
    lifecycle: Lifecycle = app.state.lifecycle
    async with lifecycle.opened_database.session() as session:
        values = {"age": age, "limit": limit}
        rows = (await session.execute(sql.ABANDONED, values)).all()
    finished = 0
    for row in rows:
        overrides = {} if acting is None else acting(row.caller)
        app.dependency_overrides.update(overrides)
        try:
            finished += await _finish(app, row)
        finally:
            for each in overrides:
                app.dependency_overrides.pop(each, None)
    return finished


async def _finish(app: FastAPI, row: Any) -> bool:
    """Send the request to the application as its client would; tell whether it is answered now."""
    request = json.loads(row.request)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": row.payload, "more_body": False}

    async def send(_message: Any) -> None:
        """Send it to nobody."""

    await app(_scope(request, len(row.payload)), receive, send)
    lifecycle: Lifecycle = app.state.lifecycle
    async with lifecycle.opened_database.session() as session:
        place = {"caller": row.caller, "key": row.key}
        now = (await session.execute(sql.FIND, place)).one_or_none()
    finished = now is not None and now.state == "finished"
    log.info("abandoned request", path=request["path"], finished=finished)
    return finished


def _scope(request: dict[str, Any], length: int) -> dict[str, Any]:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in request["headers"]
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request["method"],
        "path": request["path"],
        "raw_path": request["path"].encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": request["query"].encode("latin-1"),
        "headers": [*headers, (b"content-length", str(length).encode())],
        "client": None,
        "server": None,
        "state": {},
    }
