"""Why a route cannot be answered once for each key."""

from __future__ import annotations

from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, get_type_hints

from fastapi.responses import FileResponse, StreamingResponse
from fastapi.routing import APIRoute

from fastgres.idempotency.once import Once
from fastgres.idempotency.steps import provide_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import APIRouter
    from fastapi.dependencies.models import Dependant

_STREAMS = (FileResponse, StreamingResponse)


def reason_against(context: Any, once: Once) -> str | None:
    """Return what stands against an answer that is stored, in words; None when nothing does."""
    handler = context.endpoint
    if _streams(context):
        return (
            "it streams its response or answers with a file, and only a whole response can be "
            "stored with its effect. Answer with the address of what was made."
        )
    if not iscoroutinefunction(handler):
        return "it is no `async def`, and could not write in the session."
    if uses_steps(context.dependant) and not once.rules.required:
        return (
            "it takes steps, which belong to the key of a request, and its key may be missing. "
            "Leave `required=True`."
        )
    if _has_background_tasks(context.dependant):
        return (
            "it takes BackgroundTasks, which are lost with the process that runs them and would "
            "not run for a stored answer. Enqueue a job in the session: it commits with the effect."
        )
    return None


def _streams(context: Any) -> bool:
    handler = context.endpoint
    if context.is_sse_stream or context.is_json_stream:
        return True
    if isasyncgenfunction(handler) or isgeneratorfunction(handler):
        return True
    declared = getattr(context.response_class, "value", context.response_class)
    return any(
        isinstance(kind, type) and issubclass(kind, _STREAMS)
        for kind in (declared, _returned(handler))
    )


def _returned(handler: Any) -> object:
    try:
        return get_type_hints(handler).get("return")
    except Exception:  # noqa: BLE001 - FastAPI has read what it needs; this is one check more
        return None


def _has_background_tasks(dependant: Dependant) -> bool:
    return dependant.background_tasks_param_name is not None or any(
        _has_background_tasks(each) for each in dependant.dependencies
    )


def uses_steps(dependant: Dependant) -> bool:
    """Tell whether a route calls somebody else in steps."""
    return any(each.call is provide_steps or uses_steps(each) for each in dependant.dependencies)


def asked_for(router: APIRouter) -> dict[int, Once]:
    """Return, by `id`, the routes that ask for themselves to be answered once.

    A router may ask for all of its routes, those among them that are safe to repeat anyway too.
    """
    return {
        id(route): once
        for each in _routers(router)
        for route in each.routes
        if isinstance(route, APIRoute)
        for once in _own(route, of_router=len(each.dependencies))
    }


def _routers(router: APIRouter) -> Iterator[APIRouter]:
    yield router
    for route in router.routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _routers(included)


def _own(route: APIRoute, *, of_router: int) -> Iterator[Once]:
    """Yield those of the route; FastAPI puts those of its router before them."""
    given = [each.dependency for each in route.dependencies[of_router:]]
    taken = [each.call for each in route.dependant.dependencies if each.name is not None]
    yield from (each for each in (*given, *taken) if isinstance(each, Once))


def reason_in_vain(context: Any, once: Once) -> str:
    """Say why a route that asks to be answered once never is."""
    methods = sorted(context.methods or ())
    return (
        f"its methods are {', '.join(methods)}, and it answers "
        f"{', '.join(sorted(once.rules.methods))} once. Keys would be ignored without a word. Take "
        f"Idempotent from it, or name what is to be answered once: idempotent(methods={methods})."
    )
