"""A clean OpenAPI document: readable operation ids, and every error as the problem it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, iter_route_contexts

from fastgres.errors import (
    BadRequestError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    ProblemError,
    RequestTimeoutError,
    ServerUnavailableError,
    StatementTimeoutError,
    UnavailableError,
)
from fastgres.http.health import TAG
from fastgres.http.problem import PROBLEM_JSON, Problem, problems, response_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def describe_api(app: FastAPI) -> None:
    """Make the application describe itself in our terms; FastAPI's document is the ground."""
    generate = app.openapi
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        nonlocal described
        document = generate()
        if document is not described:
            _name_operations(app, document)
            _document_errors(document)
            _describe_tags(document)
            described = document
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def _name_operations(app: FastAPI, document: dict[str, Any]) -> None:
    """Use the function's name as operation id; tag and name where two functions share one."""
    names = _function_names(app)
    known = [(names.get((path, method)), one) for path, method, one in _operations(document)]
    uses = Counter(name for name, _ in known)
    taken = {operation["operationId"] for name, operation in known if name is None}
    for name, operation in known:
        if name is not None:
            tagged = "_".join([*map(_slug, operation.get("tags", [])[:1]), name])
            choices = [name] if uses[name] == 1 else [tagged]
            new = next((one for one in choices if one not in taken), operation["operationId"])
            operation["operationId"] = new
            taken.add(new)


def _function_names(app: FastAPI) -> dict[tuple[str, str], str]:
    names: dict[tuple[str, str], str] = {}
    for context in iter_route_contexts(app.routes):
        route: Any = context
        if isinstance(context.original_route, APIRoute) and route.operation_id is None:
            for method in route.methods:
                names[route.path_format, method.lower()] = route.name
    return names


def _slug(tag: object) -> str:
    text = str(getattr(tag, "value", tag))
    return "".join(letter if letter.isalnum() else "_" for letter in text).lower()


def _document_errors(document: dict[str, Any]) -> None:
    for path, _, operation in _operations(document):
        responses: dict[str, Any] = operation["responses"]
        if _is_fastapis_own(responses.get("422", {})):
            del responses["422"]
        for error in _implied(path, operation):
            _merge(responses, error)
        for status in ("503", "429"):
            if status in responses:
                responses[status].setdefault("headers", _RETRY_AFTER)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas |= _problem_schemas()
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _implied(path: str, operation: dict[str, Any]) -> Iterator[type[ProblemError]]:
    """Return what any operation of this shape may answer, whatever it does."""
    if operation.get("tags") == [TAG]:
        return
    yield BadRequestError
    if "{" in path:
        yield NotFoundError
    if "requestBody" in operation:
        yield RequestTimeoutError
        yield PayloadTooLargeError
    if "requestBody" in operation or operation.get("parameters"):
        yield InvalidRequestError
    yield UnavailableError
    yield ServerUnavailableError
    yield StatementTimeoutError


def _merge(responses: dict[str, Any], error: type[ProblemError]) -> None:
    status = str(error.status)
    content = responses.get(status, {}).get("content", {}).get(PROBLEM_JSON)
    if content is not None:
        for code, example in problems(error)[error.status]["content"][PROBLEM_JSON][
            "examples"
        ].items():
            content.setdefault("examples", {}).setdefault(code, example)
    elif status not in responses:
        responses[status] = response_of(error)


def _describe_tags(document: dict[str, Any]) -> None:
    tags = document.setdefault("tags", [])
    if all(tag["name"] != TAG for tag in tags):
        tags.append({"name": TAG, "description": "For probes: alive, and able to work."})


def _is_fastapis_own(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return any(str(schema.get("$ref", "")).endswith(f"/{name}") for name in _FASTAPIS_OWN)


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}
