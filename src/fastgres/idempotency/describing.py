"""Idempotent routes in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, iter_route_contexts

from fastgres.errors import IdempotencyKeyError, KeyReusedError, RequestInProgressError
from fastgres.http import problems
from fastgres.idempotency.answers import documented_headers
from fastgres.idempotency.header import LONGEST, PATTERN
from fastgres.idempotency.installation import once_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from fastgres.idempotency.rules import Rules

_PROBLEM = "application/problem+json"
_ERRORS = (IdempotencyKeyError, RequestInProgressError, KeyReusedError)


def describe_idempotent(app: FastAPI) -> None:
    """Have the application's OpenAPI document tell of the header, its errors and how long it holds.

    `fastgres.app.create_app` does this for you; call it after `fastgres.http.install`.

    ```python
    from fastapi import FastAPI
    from fastgres.http import Lifecycle, install
    from fastgres.idempotency import Idempotent, describe_idempotent

    app = FastAPI(title="Existing service")
    install(app, Lifecycle(settings, database))
    describe_idempotent(app)

    @app.post("/orders", dependencies=[Idempotent])
    async def place_order() -> dict[str, str]:
        return {"status": "placed"}

    assert "409" in app.openapi()["paths"]["/orders"]["post"]["responses"]
    ```
    """
    generate = app.openapi
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        nonlocal described
        document = generate()
        if document is not described:
            for path, method, rules in _routes(app):
                operation = document["paths"].get(path, {}).get(method)
                if operation is not None:
                    _describe(operation, rules)
            described = document
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _routes(app: FastAPI) -> Iterator[tuple[str, str, Rules]]:
    for context in iter_route_contexts(app.routes):
        route: Any = context
        if not isinstance(context.original_route, APIRoute):
            continue
        found = once_of(route)
        if found is not None:
            rules = found[1].rules
            for method in route.methods & rules.methods:
                yield route.path_format, method.lower(), rules


def _describe(operation: dict[str, Any], rules: Rules) -> None:
    operation.setdefault("parameters", []).append(_parameter(rules))
    responses: dict[str, Any] = operation["responses"]
    for status, response in responses.items():
        if status[0] in "23":
            response.setdefault("headers", {}).update(documented_headers())
    for number, documented in problems(*_ERRORS).items():
        _merge(responses, str(number), documented)


def _parameter(rules: Rules) -> dict[str, Any]:
    hours = rules.lifetime.total_seconds() / 3600
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": rules.required,
        "description": (
            "Makes the request safe to send again: what it asks for happens once for each key, and "
            f"a retry is given the same answer, for {hours:g} hours. A quoted string or a bare "
            "value; make a new one, such as a UUID, for each thing that should happen once."
        ),
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST,
            "pattern": PATTERN,
        },
        "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
    }


def _merge(responses: dict[str, Any], status: str, documented: dict[str, Any]) -> None:
    present = responses.get(status, {}).get("content", {}).get(_PROBLEM)
    if present is None:
        responses[status] = documented
    else:
        for code, example in documented["content"][_PROBLEM]["examples"].items():
            present.setdefault("examples", {}).setdefault(code, example)
    if status == "409":
        responses[status].setdefault("headers", {}).setdefault(
            "Retry-After",
            {"description": "Seconds after which to try again.", "schema": {"type": "integer"}},
        )
