"""What OpenAPI says of the responses of declared routes."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from openapi_spec_validator import validate

from fastgres.endpoints import ReadRouter
from fastgres.http import Lifecycle, install
from fastgres.settings import Settings
from tests.endpoints.library import BookQuery, BookRead, BookRepository


def documented(router: ReadRouter) -> dict[str, Any]:
    """Return the responses of the only route."""
    app = FastAPI()
    install(app, Lifecycle(Settings(environment="test")))
    app.include_router(router)
    document = json.loads(json.dumps(app.openapi()))
    validate(document)
    (operation,) = (item["get"] for path, item in document["paths"].items() if "books" in path)
    found: dict[str, Any] = operation["responses"]
    return found


def test_conditional_response_has_a_tag_and_may_be_304() -> None:
    router = ReadRouter()
    router.page("/books", BookRepository, BookRead, BookQuery, etag=True)
    found = documented(router)
    assert set(found["200"]["headers"]) == set(found["304"]["headers"]) == {"ETag"}
    assert "content" not in found["304"]
    assert "Page" in found["200"]["content"]["application/json"]["schema"]["$ref"]


def test_cache_control_is_told_as_it_is_sent() -> None:
    router = ReadRouter()
    router.one("/books/{book_id}", BookRepository, BookRead, cache="no-store")
    found = documented(router)
    assert found["200"]["headers"]["Cache-Control"]["schema"]["const"] == "no-store"
    assert "304" not in found


def test_plain_response_has_neither() -> None:
    router = ReadRouter()
    router.list("/books", BookRepository, BookRead)
    found = documented(router)
    assert "headers" not in found["200"]
    assert "304" not in found


def test_what_is_given_with_the_route_adds_to_it() -> None:
    router = ReadRouter()
    own: Any = {
        "200": {"description": "Books.", "headers": {"X-Own": {"schema": {}}}},
        404: {"description": ""},
    }
    router.list("/books", BookRepository, BookRead, etag=True, responses=own)
    found = documented(router)
    assert found["200"]["description"] == "Books."
    assert set(found["200"]["headers"]) == {"ETag", "X-Own"}
    assert {"304", "404", "422"} <= set(found)


def test_list_refuses_every_parameter_and_says_so() -> None:
    router = ReadRouter()
    router.list("/books", BookRepository, BookRead)
    assert set(documented(router)["422"]["content"]) == {"application/problem+json"}
