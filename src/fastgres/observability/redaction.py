"""Keep secrets out of log lines: by the name of a value, and inside addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastgres.settings import MASK, mask_credentials, names_secret

_DEPTH = 8  # deeper than any log line worth reading; ends cycles


def redact(value: Any, *, depth: int = _DEPTH) -> Any:
    """Return `value` with secrets masked, in nested mappings and sequences too.

    A value is a secret when its key says so (`password`, `token`, `authorization`, `cookie` and
    the like); text anywhere loses the password of a URL in it. Other objects are returned as they
    are, so log plain data.

    ```python
    from fastgres.observability import redact

    line = {"user": "ada", "headers": {"Authorization": "Bearer 1234"}}
    assert redact(line) == {"user": "ada", "headers": {"Authorization": "***"}}
    ```
    """
    match value:
        case str():
            return mask_credentials(value)
        case Mapping():
            return _redact_mapping(value, depth) if depth else MASK
        case bytes():
            return mask_credentials(value.decode(errors="replace"))
        case Sequence() | set() | frozenset():
            return _redact_sequence(list(value), depth) if depth else MASK
        case BaseException():
            return mask_credentials(f"{type(value).__name__}: {value}")
        case _:
            return value


def _redact_mapping(value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
    return {
        key: MASK
        if isinstance(key, str) and item is not None and names_secret(key)
        else redact(item, depth=depth - 1)
        for key, item in value.items()
    }


def _redact_sequence(items: list[Any], depth: int) -> list[Any]:
    """Redact items; a (name, value) pair such as a header is judged by its name."""
    if len(items) == 2 and (name := _text(items[0])) is not None and names_secret(name):
        return [name, MASK]
    return [redact(item, depth=depth - 1) for item in items]


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None
