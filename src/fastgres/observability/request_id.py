"""The id of the request being answered, carried to every log line of its task."""

from __future__ import annotations

from contextvars import ContextVar, Token

_request_id: ContextVar[str | None] = ContextVar("fastgres_request_id", default=None)


def bind_request_id(request_id: str) -> Token[str | None]:
    """Set the id for this task and what it starts; give the token to `reset_request_id`.

    ```python
    from fastgres.observability import bind_request_id, current_request_id, reset_request_id

    token = bind_request_id("019a")
    assert current_request_id() == "019a"
    reset_request_id(token)
    ```
    """
    return _request_id.set(request_id)


def reset_request_id(token: Token[str | None]) -> None:
    """Put back the id that stood before `token` was made; same task only.

    ```python
    from fastgres.observability import bind_request_id, current_request_id, reset_request_id

    before = current_request_id()
    reset_request_id(bind_request_id("019a"))
    assert current_request_id() == before
    ```
    """
    _request_id.reset(token)


def current_request_id() -> str | None:
    """Return the id of the request being answered, or None outside of one.

    ```python
    from fastgres.observability import current_request_id

    assert current_request_id() is None
    ```
    """
    return _request_id.get()
