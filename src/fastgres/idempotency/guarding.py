"""A handler that is called once for each key."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fastapi.responses import FileResponse, Response, StreamingResponse

from fastgres.errors import ConfigurationError
from fastgres.idempotency.claim import Claim

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_STREAMS = (FileResponse, StreamingResponse)
_GUARDED = "__fastgres_guarded__"


def is_guarded(handler: object) -> bool:
    """Tell whether a handler is one of ours."""
    return getattr(handler, _GUARDED, False)


def guarded(
    handler: Callable[..., Awaitable[Any]], name: str, *, hidden: bool
) -> Callable[..., Awaitable[Any]]:
    """Return the handler that takes its key first, from the claim given as `name`.

    FastAPI calls it after every dependency, and with arguments that are valid: whoever may not ask
    is not given a stored answer either. `hidden`: the handler itself knows no such argument.
    """

    @functools.wraps(handler)
    async def answered_once(**values: Any) -> Any:
        claim = values.pop(name) if hidden else values[name]
        if not isinstance(claim, Claim):
            return await handler(**values)
        stored = await claim.begin()
        if stored is not None:
            return await claim.replay(stored)
        result = await handler(**values)
        if isinstance(result, Response):
            _refuse_unstorable(result)
        return result

    setattr(answered_once, _GUARDED, True)
    return answered_once


def _refuse_unstorable(response: Response) -> None:
    if isinstance(response, _STREAMS):
        raise ConfigurationError(
            f"An idempotent route answered with a {type(response).__name__}, which is not stored. "
            "Nothing was committed. Take Idempotent from the route, or answer with an address."
        )
    if response.background is not None:
        raise ConfigurationError(
            "An idempotent route answered with a background task, which is lost with the process "
            "that runs it, and would not run for a stored answer. Nothing was committed. Enqueue a "
            "job in the session: it commits with the effect."
        )
