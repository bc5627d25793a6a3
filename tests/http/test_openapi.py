"""The OpenAPI document: valid, readable, and true about errors."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from openapi_spec_validator import validate
from pydantic import BaseModel

from fastgres.errors import ConflictError, NotFoundError
from fastgres.http import problems
from tests.http.conftest import service

PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Thing(BaseModel):
    """A body."""

    name: str


@pytest.fixture
def router() -> APIRouter:
    """One route of each shape."""
    router = APIRouter(prefix="/things", tags=["things"])

    @router.get("")
    async def list_things() -> list[Thing]:
        return []

    @router.get("/filtered")
    async def filter_things(name: str = "") -> list[Thing]:
        return []

    @router.post("", responses=problems(ConflictError))
    async def make_thing(body: Thing) -> Thing:
        return body

    @router.get("/{number}", responses=problems(NotFoundError))
    async def read_thing(number: int) -> Thing:
        return Thing(name=str(number))

    return router


def responses(app: FastAPI, path: str, method: str) -> dict[str, Any]:
    """Return the documented responses of an operation."""
    found: dict[str, Any] = app.openapi()["paths"][path][method]["responses"]
    return found


def test_document_is_valid(router: APIRouter) -> None:
    validate(service(router).openapi())


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/things", "get", {"200", "400", "503"}),
        ("/things/filtered", "get", {"200", "400", "422", "503"}),
        ("/things", "post", {"200", "400", "408", "409", "413", "422", "503"}),
        ("/things/{number}", "get", {"200", "400", "404", "422", "503"}),
        ("/livez", "get", {"200"}),
        ("/readyz", "get", {"200", "503"}),
    ],
)
def test_operation_documents_what_its_shape_may_answer(
    path: str, method: str, statuses: set[str], router: APIRouter
) -> None:
    found = responses(service(router), path, method)
    assert set(found) == statuses
    for status, response in found.items():
        if status >= "400":
            content = response["content"]
            assert list(content) == ["application/problem+json"]
            assert content["application/problem+json"]["schema"] == PROBLEM
            assert content["application/problem+json"]["examples"]


def test_overload_documents_when_to_come_back(router: APIRouter) -> None:
    response = responses(service(router), "/things", "get")["503"]
    examples = response["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"unavailable", "database_unavailable", "statement_timeout"}
    assert response["headers"]["Retry-After"]["schema"]["type"] == "integer"


def test_fastapis_own_error_schemas_are_gone(router: APIRouter) -> None:
    schemas = service(router).openapi()["components"]["schemas"]
    assert {"Problem", "ProblemField", "Thing"} <= set(schemas)
    assert not {"HTTPValidationError", "ValidationError"} & set(schemas)
    assert "$defs" not in schemas["Problem"]


def ids(app: FastAPI) -> dict[tuple[str, str], str]:
    """Return every operation id."""
    return {
        (method, path): operation["operationId"]
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    }


def test_operation_id_is_the_name_of_the_function(router: APIRouter) -> None:
    found = ids(service(router))
    assert found["post", "/things"] == "make_thing"
    assert found["get", "/livez"] == "livez"


def test_operation_ids_that_clash_take_the_tag() -> None:
    outer = APIRouter()
    for tag in ("Big Books", "films"):
        router = APIRouter(prefix=f"/{tag[:3].lower()}", tags=[tag])

        @router.get("")
        async def read() -> None: ...

        outer.include_router(router)
    found = ids(service(outer))
    assert found["get", "/big"] == "big_books_read"
    assert found["get", "/fil"] == "films_read"


def test_operation_ids_stay_unique_whatever_the_names() -> None:
    outer = APIRouter()
    for number in range(3):
        router = APIRouter(prefix=f"/{number}", tags=["same"])

        @router.get("")
        async def read() -> None: ...

        outer.include_router(router)

    @outer.get("/own", operation_id="same_read")
    async def read_own() -> None: ...

    found = ids(service(outer))
    assert len(set(found.values())) == len(found)
    assert found["get", "/own"] == "same_read"


def test_routes_added_later_are_described_too(router: APIRouter) -> None:
    app = service(router)
    app.openapi()
    late = APIRouter()

    @late.post("/late")
    async def be_late(body: Thing) -> None: ...

    app.include_router(late)
    assert app.openapi()["paths"]["/late"]["post"]["operationId"] == "be_late"
    assert "413" in responses(app, "/late", "post")
    assert app.openapi() is app.openapi()
