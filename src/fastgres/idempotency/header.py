"""The header Idempotency-Key: a quoted string of RFC 8941, or the bare value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastgres.errors import IdempotencyKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = b"idempotency-key"

LONGEST = 255
"""Characters of a key; each is visible ASCII."""

PATTERN = r'^("([!#-\[\]-~]|\\["\\])+"|[!#-+\--~]+)$'
"""What the OpenAPI document says of it: quoted, or bare."""

_quoted = re.compile(rb'"((?:[!#-\[\]-~]|\\["\\])*)"').fullmatch
_bare = re.compile(rb"[!#-+\--~]*").fullmatch
_escaped = re.compile(rb"\\(.)")


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the key of a request, None when it has none; raises IdempotencyKeyError.

    `"abc"` and `abc` are the same key.
    """
    values = [value for name, value in headers if name == NAME]
    if not values:
        return None
    if len(values) > 1:
        raise IdempotencyKeyError("The header Idempotency-Key was sent more than once.")
    return _parsed(values[0].strip(b" \t"))


def _parsed(value: bytes) -> str:
    quoted = _quoted(value)
    if quoted is None and _bare(value) is None:
        raise IdempotencyKeyError(
            'The Idempotency-Key has to be a quoted string ("..."), or a bare value without '
            "spaces, quotes and commas, and of visible ASCII characters only."
        )
    key = value if quoted is None else _escaped.sub(rb"\1", quoted[1])
    if not 1 <= len(key) <= LONGEST:
        raise IdempotencyKeyError(
            f"The Idempotency-Key has {len(key)} characters; it may have 1 to {LONGEST}."
        )
    return key.decode("ascii")
