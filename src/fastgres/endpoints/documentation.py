"""What OpenAPI says of the responses of a declared route, beside its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastgres.errors import InvalidRequestError
from fastgres.http import problems

if TYPE_CHECKING:
    from fastgres.endpoints.declaration import Declaration

Responses = dict[int | str, dict[str, Any]]

_ETAG: Final = {
    "description": "What to send as `If-None-Match`, to get 304 while nothing has changed.",
    "required": True,
    "schema": {"type": "string"},
}
_NOT_MODIFIED: Final = "Not modified: the response that `If-None-Match` names is still right."


def responses_of(declaration: Declaration) -> Responses:
    """Return what is documented; what was given with the route adds to it, and goes before."""
    found: Responses = problems(InvalidRequestError)
    headers: dict[str, Any] = {}
    kept = declaration.options.get("cache")
    if kept is not None:
        headers["Cache-Control"] = {
            "description": "How long the response may be kept, and by whom.",
            "required": True,
            "schema": {"type": "string", "const": kept},
        }
    if declaration.is_conditional:
        headers["ETag"] = _ETAG
        found[304] = {"description": _NOT_MODIFIED, "headers": headers}
    if headers:
        found[200] = {"headers": headers}
    for status, given in declaration.options.get("responses", {}).items():
        key = int(status) if str(status).isdigit() else status
        found[key] = _merged(found.get(key, {}), given)
    return found


def _merged(ours: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    headers = {**ours.get("headers", {}), **given.get("headers", {})}
    return {**ours, **given, **({"headers": headers} if headers else {})}
