"""Why a route cannot be answered once for each key."""

from __future__ import annotations

from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, get_type_hints

from fastapi.responses import FileResponse, StreamingResponse

from fastgres.idempotency.steps import provide_steps

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

    from fastgres.idempotency.once import Once

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
