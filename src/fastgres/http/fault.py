"""A fault: everything an error response says, whatever error it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from fastgres.db import translate
from fastgres.errors import (
    BadRequestError,
    ConflictError,
    FieldProblem,
    InvalidValueError,
    NotFoundError,
    PayloadTooLargeError,
    ProblemError,
    RequestTimeoutError,
    UnavailableError,
)
from fastgres.observability import redact

GENERIC: dict[int, type[ProblemError]] = {
    kind.status: kind
    for kind in (
        BadRequestError,
        NotFoundError,
        RequestTimeoutError,
        ConflictError,
        PayloadTooLargeError,
        InvalidValueError,
        ProblemError,
        UnavailableError,
    )
}
"""The error that a bare status stands for; other statuses take their standard phrase."""

_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Status, stable code and words of one error response, ready to be written."""

    status: int
    code: str
    title: str
    detail: str
    fields: tuple[FieldProblem, ...] = ()
    extensions: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_problem(cls, error: ProblemError) -> Fault:
        """Return the fault that a typed error describes."""
        return cls(
            status=error.status,
            code=error.code,
            title=error.title,
            detail=error.detail,
            fields=error.fields,
            extensions=error.extensions,
            headers=error.headers,
        )

    @classmethod
    def of_status(
        cls, status: int, detail: object = None, *, headers: Mapping[str, str] | None = None
    ) -> Fault:
        """Return the fault of a bare status; a `detail` that is no text becomes `data`."""
        code, title = _code_and_title(status)
        worded = isinstance(detail, str) and detail not in {"", _phrase(status)}
        return cls(
            status=status,
            code=code,
            title=title,
            detail=str(detail) if worded else title,
            extensions={} if detail is None or isinstance(detail, str) else {"data": detail},
            headers=dict(headers or {}),
        )

    @property
    def type(self) -> str:
        """`about:blank` when the code says no more than the status, else `/problems/<code>`."""
        return problem_type(self.status, self.code)

    def render(self, request_id: str) -> bytes:
        """Return the problem document as JSON; pure ASCII, so that any text survives it."""
        document: dict[str, Any] = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
        }
        if self.fields:
            document["errors"] = [_entry(one) for one in self.fields]
        document |= {key: one for key, one in self.extensions.items() if key not in _MEMBERS}
        return json.dumps(document, default=_plain, separators=(",", ":")).encode()


INTERNAL = Fault(
    status=500,
    code=ProblemError.code,
    title=ProblemError.title,
    detail="Something went wrong on our side. It is logged under this request id.",
)


def fault_of(error: BaseException) -> Fault:
    """Return what a client may be told about an error; nothing at all about a bug."""
    if isinstance(error, HTTPException):
        return Fault.of_status(error.status_code, error.detail, headers=error.headers)
    if isinstance(error, ClientDisconnect):
        return Fault.of_problem(BadRequestError("The connection was closed before the body ended."))
    problem = translate(error)
    return INTERNAL if problem is None else Fault.of_problem(problem)


def internal_with_cause(error: BaseException) -> Fault:
    """Return what the developer is told about a bug, for the setting `debug` alone."""
    return replace(INTERNAL, extensions={"cause": redact(error)})


def problem_type(status: int, code: str) -> str:
    """Return the `type` member for a code: an identifier, not an address (RFC 9457, 3.1.1)."""
    return "about:blank" if code == _code_and_title(status)[0] else f"/problems/{code}"


def _code_and_title(status: int) -> tuple[str, str]:
    if kind := GENERIC.get(status):
        return kind.code, kind.title
    phrase = _phrase(status)
    return phrase.lower().replace(" ", "_").replace("-", "_").replace("'", ""), phrase


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP {status}"


def _entry(one: FieldProblem) -> dict[str, object]:
    entry: dict[str, object] = {
        "location": list(one.location),
        "code": one.code,
        "message": one.message,
    }
    if one.location and one.location[0] == "body":
        entry["pointer"] = "#" + "".join(f"/{_escape(part)}" for part in one.location[1:])
    return entry


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _plain(value: object) -> object:
    return to_jsonable_python(value, fallback=str)
