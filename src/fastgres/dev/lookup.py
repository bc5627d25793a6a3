"""The route that somebody means: by method and path, by path, or by operation id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.dev.reads import list_reads
from fastgres.errors import ConfigurationError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from fastgres.dev.reads import RouteReads


def find_reads(application: FastAPI, wanted: str) -> tuple[RouteReads, str]:
    """Return the route that is called so, and the query string behind it.

    By method and path as declared, `"GET /orders/{order_id}"`, by path alone, or by operation id;
    each may end in a query, `"/orders?status=paid"`. Raises `UnknownNameError` for a name that
    none has, and `ConfigurationError` for a route that reads no response model.

    ```python
    from fastgres.dev import find_reads
    from fastgres.errors import UnknownNameError
    from shop.main import create_app

    try:
        find_reads(create_app(settings), "/order")
    except UnknownNameError as error:
        assert error.suggestion == "/orders"
    ```
    """
    name, _, query_string = wanted.strip().partition("?")
    method, _, path = name.rpartition(" ")
    name = f"{method.strip().upper()} {path}".strip()
    known: dict[str, RouteReads] = {}
    for alias, each in _aliases(application, name):
        if alias not in known or not known[alias].kind:
            known[alias] = each
    if name not in known:
        raise UnknownNameError("route", name, [name for name in known if known[name].kind])
    if not known[name].reads:
        raise ConfigurationError(_says_nothing(name, known[name]))
    return known[name], query_string


def _aliases(application: FastAPI, name: str) -> Iterator[tuple[str, RouteReads]]:
    """Yield the routes by names of the kind that `name` has."""
    found = [(verb, each) for each in list_reads(application) for verb in each.route.methods]
    if name.startswith("/"):
        yield from ((each.route.path, each) for _, each in found)
    elif " " in name:
        yield from ((f"{verb} {each.route.path}", each) for verb, each in found)
    else:
        paths = application.openapi()["paths"]
        for verb, each in found:
            operation = paths.get(each.route.path, {}).get(verb.lower(), {})
            yield operation.get("operationId", each.route.name), each


def _says_nothing(name: str, found: RouteReads) -> str:
    hint = f" It {found.hint}." if found.hint else ""
    return f"{name} reads no response model, so there is no statement of ours to show.{hint}"
