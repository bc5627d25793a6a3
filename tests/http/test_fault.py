"""What a client is told about an error."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from fastgres.errors import ConflictError, FieldProblem, NotFoundError, PoolExhaustedError
from fastgres.http.fault import INTERNAL, Fault, fault_of


def told(error: BaseException) -> dict[str, Any]:
    """Render an error as its client would read it."""
    document: dict[str, Any] = json.loads(fault_of(error).render("an-id"))
    return document


class OutOfStockError(ConflictError):
    """An error of a service."""

    code = "out_of_stock"
    title = "Not enough pieces in stock"


def test_typed_error_tells_its_code_detail_and_extensions() -> None:
    assert told(OutOfStockError("3 asked for, 1 left.", extensions={"available": 1})) == {
        "type": "/problems/out_of_stock",
        "title": "Not enough pieces in stock",
        "status": 409,
        "detail": "3 asked for, 1 left.",
        "code": "out_of_stock",
        "request_id": "an-id",
        "available": 1,
    }


def test_code_that_says_no_more_than_the_status_has_the_type_about_blank() -> None:
    assert told(NotFoundError())["type"] == "about:blank"
    assert told(HTTPException(404))["code"] == "not_found"


def test_extension_never_replaces_a_standard_member() -> None:
    document = told(ConflictError(extensions={"status": 200, "code": "fine", "more": True}))
    assert (document["status"], document["code"], document["more"]) == (409, "conflict", True)


def test_bug_tells_nothing_of_itself() -> None:
    fault = fault_of(ValueError("password=hunter2"))
    assert fault is INTERNAL
    assert "hunter2" not in fault.render("an-id").decode()


def test_error_of_the_pool_is_translated() -> None:
    document = told(PoolTimeoutError("QueuePool limit of size 10 reached"))
    assert (document["status"], document["code"]) == (503, PoolExhaustedError.code)


def test_closed_connection_is_a_bad_request() -> None:
    assert told(ClientDisconnect())["status"] == 400


def test_http_exception_keeps_words_and_headers() -> None:
    fault = fault_of(HTTPException(401, "Log in first.", {"WWW-Authenticate": "Bearer"}))
    assert (fault.status, fault.code, fault.detail) == (401, "unauthorized", "Log in first.")
    assert fault.headers == {"WWW-Authenticate": "Bearer"}


def test_detail_that_is_no_text_becomes_data() -> None:
    document = told(HTTPException(400, {"why": ["a", "b"]}))  # type: ignore[arg-type]  # people do
    assert document["data"] == {"why": ["a", "b"]}
    assert document["detail"] == "Bad request"


def test_unknown_status_is_told_as_a_number() -> None:
    assert told(HTTPException(499, "Gone."))["code"] == "http_499"


@pytest.mark.parametrize(
    ("location", "pointer"),
    [
        (("body", "items", 0, "quantity"), "#/items/0/quantity"),
        (("body",), "#"),
        (("body", "a/b~c"), "#/a~1b~0c"),
        (("query", "limit"), None),
    ],
)
def test_field_of_the_body_has_a_json_pointer(
    location: tuple[str | int, ...], pointer: str | None
) -> None:
    document = told(ConflictError(fields=[FieldProblem(location, "taken", "Taken.")]))
    assert document["errors"][0].get("pointer") == pointer


def test_values_json_does_not_know_are_written_as_text() -> None:
    fault = Fault.of_problem(
        ConflictError(extensions={"price": Decimal("1.50"), "id": UUID(int=0), "odd": object()})
    )
    document = json.loads(fault.render("an-id"))
    assert document["price"] == "1.50"
    assert document["id"] == "00000000-0000-0000-0000-000000000000"


def test_lone_surrogate_survives() -> None:
    assert told(ConflictError("\ud800"))["detail"] == "\ud800"
