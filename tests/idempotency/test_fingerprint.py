"""What makes two requests the same."""

from __future__ import annotations

from typing import Any

import pytest

from fastgres.idempotency.fingerprint import fingerprint_of

JSON = b"application/json"


def scope(kind: bytes = JSON, **changes: Any) -> dict[str, Any]:
    given = {"method": "POST", "path": "/orders", "query_string": b"a=1&b=2", **changes}
    return {**given, "headers": [(b"content-type", kind)]}


FIRST = fingerprint_of(scope(), b"{}")


def test_fingerprint_has_32_bytes() -> None:
    assert len(FIRST) == 32


@pytest.mark.parametrize(
    "other",
    [
        fingerprint_of(scope(method="PATCH"), b"{}"),
        fingerprint_of(scope(path="/orders/1"), b"{}"),
        fingerprint_of(scope(query_string=b"a=1"), b"{}"),
        fingerprint_of(scope(b"text/plain"), b"{}"),
        fingerprint_of(scope(), b"{ }"),
        fingerprint_of(scope(path="/order", query_string=b"s"), b"{}"),
    ],
)
def test_other_request_has_another(other: bytes) -> None:
    assert other != FIRST


@pytest.mark.parametrize(
    "same",
    [
        fingerprint_of(scope(query_string=b"b=2&a=1"), b"{}"),
        fingerprint_of(scope(b"Application/JSON"), b"{}"),
        fingerprint_of({**scope(), "headers": [*scope()["headers"], (b"x-try", b"2")]}, b"{}"),
    ],
)
def test_same_request_has_the_same(same: bytes) -> None:
    assert same == FIRST


def form(boundary: bytes, value: bytes = b"1") -> bytes:
    body = b'--%b\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n--%b--\r\n'
    kind = b"multipart/form-data; boundary=" + boundary
    return fingerprint_of(scope(kind), body % (boundary, value, boundary))


def test_boundary_of_a_form_does_not_count() -> None:
    assert form(b"abc") == form(b"xyz")
    assert form(b"abc", b"2") != form(b"abc")


def test_parameters_of_the_content_type_count() -> None:
    one = fingerprint_of(scope(b"application/json; charset=utf-8"), b"{}")
    assert one == fingerprint_of(scope(b"application/json;charset=utf-8"), b"{}")
    assert one != FIRST
