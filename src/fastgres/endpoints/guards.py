"""Dependencies that can be called without FastAPI: coroutines that take the request at most."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, get_args

from fastgres.endpoints.handler import PRINCIPAL
from fastgres.http import SessionDep, takes_session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi.dependencies.models import Dependant
    from starlette.requests import Request

    from fastgres.endpoints.wanted import Wanted

_SESSION = get_args(SessionDep)[1].dependency
_ADDRESSED = ("path_params", "query_params")
_INPUTS = ("header_params", "cookie_params", "body_params")
_OTHERS = (
    "websocket_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "own_oauth_scopes",
    "parent_oauth_scopes",
    "scope",
    "concurrency",
)


@dataclass(frozen=True, slots=True)
class Guard:
    """One dependency: what it is called, what is called, and where the request goes."""

    name: str | None
    call: Callable[..., Any]
    request: str | None
    cached: bool


def guards_of(dependencies: Sequence[Dependant]) -> tuple[Guard, ...] | str:
    """Return what has to be called before a read, or why only FastAPI can do it."""
    found: list[Guard] = []
    for each in dependencies:
        if each.call is _SESSION:
            continue
        why = more_than_a_request(each) or _more_than_a_guard(each)
        if why is not None or each.call is None:
            return f"the dependency {getattr(each.call, '__name__', each.call)!r} {why}"
        request = each.request_param_name or each.http_connection_param_name
        found.append(Guard(each.name, each.call, request, each.use_cache))
    return tuple(found)


async def ask(guards: Sequence[Guard], wanted: Wanted, request: Request) -> None:
    """Call the dependencies in order, and note what those of the scope return."""
    known: dict[Any, Any] = {}
    for guard in guards:
        if guard.cached and guard.call in known:
            value = known[guard.call]
        else:
            given = {} if guard.request is None else {guard.request: request}
            value = await guard.call(**given)
            known.setdefault(guard.call, value)
        if guard.name is not None:
            wanted.scope[guard.name.removeprefix(PRINCIPAL)] = value


def more_than_a_request(dependency: Dependant) -> str | None:
    """Say what a dependency takes or is that only FastAPI can give it, apart from others."""
    if not iscoroutinefunction(dependency.call) or hasattr(dependency.call, "__wrapped__"):
        return "is no plain coroutine function"
    if any(getattr(dependency, name) for name in (*_ADDRESSED, *_INPUTS, *_OTHERS)):
        return "takes more than the request"
    if dependency.request_param_name and dependency.http_connection_param_name:
        return "takes the request twice"
    return None


def more_than_inputs(handler: Dependant) -> str | None:
    """Say whether a handler takes more than path, query string and request."""
    others = (name for name in (*_INPUTS, *_OTHERS) if name != "scope")
    taken = next((name for name in others if getattr(handler, name)), None)
    return None if taken is None else f"the handler takes {taken}"


def _more_than_a_guard(dependency: Dependant) -> str | None:
    if dependency.dependencies:
        return "has dependencies of its own"
    if takes_session(dependency.call):
        return "is made with the session of the request"
    return None
