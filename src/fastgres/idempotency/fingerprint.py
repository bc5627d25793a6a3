"""What a request asks for, in 32 bytes: a key that comes with another request is refused."""

from __future__ import annotations

import hashlib
from email.message import Message
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

_UNLIKELY = b"\x00"


def fingerprint_of(scope: Scope, body: bytes) -> bytes:
    """Return SHA-256 of method, path, sorted query, content type and body.

    The boundary of a form with files is left out, as clients make a new one for each attempt.
    """
    kind, boundary = _content_type(scope)
    query = b"&".join(sorted(scope.get("query_string", b"").split(b"&")))
    if boundary:
        body = body.replace(b"--" + boundary, b"--" + _UNLIKELY)
    digest = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), query, kind, body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


def _content_type(scope: Scope) -> tuple[bytes, bytes]:
    """Return the content type without its boundary, and the boundary."""
    value = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if b";" not in value:
        return value.strip().lower(), b""
    message = Message()
    message["content-type"] = value.decode("latin-1")
    parameters = [(name, text) for name, text in message.get_params([]) if name != "boundary"]
    kind = ";".join(f"{name.lower()}={text}" for name, text in sorted(parameters))
    return kind.encode("latin-1", "replace"), message.get_boundary("").encode("latin-1", "replace")
