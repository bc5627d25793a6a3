"""Make the idempotent routes of an application ready, or say why one of them cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from fastgres.errors import ConfigurationError
from fastgres.idempotency.guarding import guarded, is_guarded
from fastgres.idempotency.once import Once, plain, stepped
from fastgres.idempotency.refusals import (
    asked_for,
    reason_against,
    reason_in_vain,
    uses_steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.dependencies.models import Dependant
    from starlette.routing import BaseRoute

CLAIM = "__fastgres_claim__"
"""The name under which a handler is given the claim."""


def prepare_idempotent(app: FastAPI, caller: Callable[..., Any] | None = None) -> bool:
    """Make the idempotent routes of an application ready; False when it has none.

    The lifespan of `create_app` does it. Otherwise call it after the last route was added and
    before the first request; it may be called again. Default of `caller`: `app.state.caller`.

    Raises:
        ConfigurationError: a route streams, is no coroutine, has background tasks or only methods
            that are not answered once, or nobody has said who asks.

    ```python
    from fastapi import FastAPI
    from fastgres.http import Lifecycle, install
    from fastgres.idempotency import Idempotent, anyone, prepare_idempotent

    app = FastAPI(title="Existing service")
    install(app, Lifecycle(settings, database))

    @app.post("/orders", dependencies=[Idempotent])
    async def place_order() -> dict[str, str]:
        return {"status": "placed"}

    assert prepare_idempotent(app, caller=anyone)
    ```
    """
    caller = caller or getattr(app.state, "caller", None)
    found, asked = False, asked_for(app.router)
    for context in iter_route_contexts(app.routes):
        original: Any = context.original_route
        if isinstance(original, APIRoute | APIWebSocketRoute):
            _refuse_in_vain(context, asked.get(id(original)))
            found = _prepare(context, original, caller) or found
        elif isinstance(getattr(original, "app", None), FastAPI):
            inner = getattr(original.app.state, "caller", None) or caller
            found = prepare_idempotent(original.app, inner) or found
    return found


def once_of(context: Any) -> tuple[int, Once] | None:
    """Return the dependency that makes a route idempotent, and its place among the others."""
    for place, each in enumerate(context.dependant.dependencies):
        if isinstance(each.call, Once) and (context.methods or set()) & each.call.rules.methods:
            return place, each.call
    return None


def _prepare(context: Any, original: BaseRoute, caller: Callable[..., Any] | None) -> bool:
    name = _name(context)
    dependant: Dependant = context.dependant
    if isinstance(original, APIWebSocketRoute):
        if any(isinstance(each.call, Once) for each in dependant.dependencies):
            raise ConfigurationError(f"{name} is idempotent and a websocket: it has no response.")
        return False
    _refuse_nested(name, dependant)
    found = once_of(context)
    if found is None and uses_steps(dependant):
        raise ConfigurationError(
            f"{name} takes steps, and is not idempotent: steps belong to the key of a request. "
            "Give it `dependencies=[Idempotent]`."
        )
    if found is None or is_guarded(dependant.call):
        return found is not None
    reason = reason_against(context, found[1])
    if reason is not None:
        raise ConfigurationError(f"{name} cannot be idempotent: {reason}")
    _guard(name, dependant, found, caller=caller)
    return True


def _name(context: Any) -> str:
    return f"{getattr(context.endpoint, '__name__', 'the route')} ({context.path})"


def _refuse_in_vain(context: Any, asked: Once | None) -> None:
    if asked is not None and once_of(context) is None:
        reason = reason_in_vain(context, asked)
        raise ConfigurationError(f"{_name(context)} is never answered once: {reason}")


def _guard(
    name: str,
    dependant: Dependant,
    found: tuple[int, Once],
    *,
    caller: Callable[..., Any] | None,
) -> None:
    place, once = found
    asking = once.caller or caller
    if asking is None:
        raise ConfigurationError(
            f"{name} is idempotent, and nobody has said who asks. Keys belong to a caller, so that "
            "nobody is given the answer of somebody else: give `create_app(..., caller=...)` or "
            "`idempotent(caller=...)` the dependency that returns the id of the user. A service "
            "without accounts says so: `idempotent(caller=anyone)`."
        )
    given = dependant.dependencies[place]
    ready = Once(asking, once.rules, make=stepped if uses_steps(dependant) else plain)
    dependant.dependencies[place] = get_dependant(
        path=dependant.path or "", call=ready, name=given.name or CLAIM
    )
    handler: Any = dependant.call
    dependant.call = guarded(handler, given.name or CLAIM, hidden=given.name is None)


def _refuse_nested(name: str, dependant: Dependant) -> None:
    if any(_has_once(each) for each in dependant.dependencies):
        raise ConfigurationError(
            f"{name} has Idempotent in a dependency of a dependency. Give it to the route or its "
            "router, as `dependencies=[Idempotent]`: it is about the whole of the route."
        )


def _has_once(dependant: Dependant) -> bool:
    return any(isinstance(each.call, Once) or _has_once(each) for each in dependant.dependencies)
