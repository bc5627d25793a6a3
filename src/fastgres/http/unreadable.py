"""Bodies that are no JSON, or are not said to be: told so that the sender finds the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request

_MISREAD = frozenset(
    {"model_attributes_type", "model_type", "dict_type", "list_type", "dataclass_type", "missing"}
)
"""What pydantic finds when it gets bytes where an object or a list was expected."""

_LONGEST = 100
"""Characters of a header that are told back."""


def readable(
    errors: Sequence[dict[str, Any]], body: object, request: Request
) -> Sequence[dict[str, Any]]:
    """Return the errors of validation, or the one that says why the body was not read at all."""
    first: dict[str, Any] = errors[0] if errors else {"type": ""}
    if first["type"] == "json_invalid" and len(first["loc"]) == 2:
        why = first.get("ctx", {}).get("error", "it cannot be read")
        message = f"The body is not JSON{_place(body, first['loc'][1])}: {why}."
        return [{**first, "loc": ("body",), "msg": message}]
    unread = isinstance(body, bytes) and not _says_json(request)
    if unread and all(one["loc"][0] == "body" and one["type"] in _MISREAD for one in errors):
        return [{"type": "content_type", "loc": ("body",), "msg": _not_read(request)}]
    return errors


def _place(body: object, position: object) -> str:
    if not isinstance(body, str) or not isinstance(position, int):
        return ""
    line = body.count("\n", 0, position) + 1
    column = position - body.rfind("\n", 0, position)
    return f" at line {line}, column {column}"


def _says_json(request: Request) -> bool:
    given = request.headers.get("content-type", "")
    kind, _, subtype = given.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def _not_read(request: Request) -> str:
    given = request.headers.get("content-type")
    came = f"came as {given[:_LONGEST]!r}" if given else "came without a Content-Type"
    return f"The body {came}, so it was not read. Send it with Content-Type: application/json."
