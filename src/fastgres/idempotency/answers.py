"""Which answers are stored, and what of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from fastgres.http import WholeResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER: Final = frozenset({401, 403, 408, 425, 429})
"""Statuses that say nothing about what was asked; neither do those from 500 on."""

_STORED_HEADERS: Final = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-location",
        "content-type",
        "deprecation",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "sunset",
        "vary",
    }
)
"""What belongs to the answer; a cookie belongs to a session, and others to this one exchange."""

_WITHOUT_LENGTH: Final = frozenset({204, 304})
_REPLAYED: Final = (b"idempotent-replayed", b"true")


def columns(response: WholeResponse) -> dict[str, Any]:
    """Return what is stored of a response."""
    headers = [
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in response.headers
    ]
    kept = [header for header in headers if header[0] in _STORED_HEADERS]
    return {"status": response.status, "headers": json.dumps(kept), "body": response.body}


def replayed(status: int, headers: list[list[str]], body: bytes) -> WholeResponse:
    """Return the response that was stored, marked as one that was."""
    given = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if status not in _WITHOUT_LENGTH:
        given.append((b"content-length", str(len(body)).encode()))
    return WholeResponse(status, (*given, _REPLAYED), body)


def documented_headers() -> Mapping[str, Any]:
    """Return the header of a replay, as OpenAPI describes it."""
    return {
        "Idempotent-Replayed": {
            "description": "`true` when this is the stored answer to an earlier request.",
            "schema": {"type": "string", "enum": ["true"]},
        }
    }
