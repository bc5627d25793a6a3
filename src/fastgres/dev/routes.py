"""What a service answers, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """Describe one route; `methods` is empty for a mount or a websocket.

    ```python
    from fastgres.dev import RouteRow

    row = RouteRow(path="/orders", methods=("GET",), name="list", endpoint="shop.api:list")
    assert row.response_model is None
    ```
    """

    path: str
    methods: tuple[str, ...]
    name: str
    endpoint: str | None = None
    tags: tuple[str, ...] = ()
    status_code: int | None = None
    response_model: str | None = None
    in_schema: bool = False


def list_routes(application: FastAPI) -> list[RouteRow]:
    """Return the routes of an application in the order in which they are tried.

    ```python
    from fastapi import FastAPI
    from fastgres.dev import list_routes

    assert list_routes(FastAPI())[0].path == "/openapi.json"
    ```
    """
    return [row_of(context) for context in iter_route_contexts(application.routes)]


def row_of(context: Any) -> RouteRow:
    """Return what is known of one route."""
    endpoint = context.endpoint
    return RouteRow(
        path=context.path or "",
        methods=tuple(sorted(context.methods or ())),
        name=context.name or "",
        endpoint=f"{endpoint.__module__}:{endpoint.__qualname__}" if endpoint else None,
        tags=tuple(str(tag) for tag in getattr(context, "tags", None) or ()),
        status_code=_status(context),
        response_model=_model_name(getattr(context, "response_model", None)),
        in_schema=bool(getattr(context, "include_in_schema", False)),
    )


def _status(context: Any) -> int | None:
    """Return the status of success; FastAPI leaves its default of 200 unsaid."""
    if not getattr(context, "methods", None):
        return None
    return getattr(context, "status_code", None) or 200


def _model_name(model: Any) -> str | None:
    if model is None:
        return None
    return model.__name__ if isinstance(model, type) else str(model)
