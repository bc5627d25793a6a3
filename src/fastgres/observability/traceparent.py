"""The trace that the work at hand belongs to, as W3C Trace Context writes it."""

from __future__ import annotations

import re
from contextvars import ContextVar, Token

_WELL_FORMED = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_traceparent: ContextVar[str | None] = ContextVar("fastgres_traceparent", default=None)


def bind_traceparent(given: str | bytes | None) -> Token[str | None]:
    """Set the trace for this task and what it starts, or none if it is not well formed.

    The request boundary does it for the header `traceparent`, a worker for the job that was
    enqueued by such a request. Give the token to `reset_traceparent`.

    ```python
    from fastgres.observability import bind_traceparent, current_traceparent, reset_traceparent

    token = bind_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert (current_traceparent() or "").startswith("00-0af7")
    reset_traceparent(token)
    ```
    """
    if given is None:
        return _traceparent.set(None)
    text = given.decode("latin-1") if isinstance(given, bytes) else given
    return _traceparent.set(text if _WELL_FORMED.fullmatch(text) else None)


def reset_traceparent(token: Token[str | None]) -> None:
    """Put back the trace that stood before `token` was made; same task only.

    ```python
    from fastgres.observability import bind_traceparent, current_traceparent, reset_traceparent

    reset_traceparent(bind_traceparent("nonsense"))
    assert current_traceparent() is None
    ```
    """
    _traceparent.reset(token)


def current_traceparent() -> str | None:
    """Return the trace that the work at hand belongs to, or None; hand it on to other services.

    ```python
    from fastgres.observability import current_traceparent

    assert current_traceparent() is None
    ```
    """
    return _traceparent.get()
