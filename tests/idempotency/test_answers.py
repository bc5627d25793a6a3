"""What of an answer is stored, and how it is given again."""

from __future__ import annotations

import json

from fastgres.http import WholeResponse
from fastgres.idempotency.answers import columns, replayed

HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", b"3"),
    (b"set-cookie", b"session=secret"),
    (b"Location", b"/caf\xe9"),
    (b"link", b"<a>"),
    (b"link", b"<b>"),
    (b"date", b"now"),
)


def test_answer_comes_back_as_it_was() -> None:
    values = columns(WholeResponse(201, HEADERS, b"\x00\xff!"))
    answer = replayed(values["status"], json.loads(values["headers"]), values["body"])
    assert answer.status == 201
    assert answer.body == b"\x00\xff!"
    assert answer.headers == (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"location", b"/caf\xe9"),
        (b"link", b"<a>"),
        (b"link", b"<b>"),
        (b"content-length", b"3"),
        (b"idempotent-replayed", b"true"),
    )


def test_answer_that_has_no_body_has_no_length() -> None:
    assert replayed(204, [], b"").headers == ((b"idempotent-replayed", b"true"),)
