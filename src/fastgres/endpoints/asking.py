"""What a handler asks for: a tree of dependencies that are called without FastAPI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastgres.endpoints.guards import more_than_a_request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi.dependencies.models import Dependant
    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Step:
    """One dependency: what is called, where the request goes, and which values of others it takes.

    `given` has the names of those values and their places among the steps.
    """

    call: Callable[..., Any]
    request: str | None
    given: tuple[tuple[str, int], ...]


class Asking:
    """Call the dependencies of a handler in FastAPI's order, each of them once."""

    __slots__ = ("_names", "_places", "_steps")

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._places: dict[Any, int] = {}
        self._names: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, dependencies: Sequence[Dependant]) -> Asking | str:
        """Return what calls them, or say why only FastAPI can."""
        made = cls()
        names = made._add_all(dependencies)
        if isinstance(names, str):
            return names
        made._names = names
        return made

    async def ask(self, request: Request) -> dict[str, Any]:
        """Return what the handler takes, by the names of its parameters."""
        found: list[Any] = []
        for step in self._steps:
            given = {name: found[place] for name, place in step.given}
            if step.request is not None:
                given[step.request] = request
            found.append(await step.call(**given))
        return {name: found[place] for name, place in self._names}

    def _add_all(self, dependencies: Sequence[Dependant]) -> tuple[tuple[str, int], ...] | str:
        names: list[tuple[str, int]] = []
        for each in dependencies:
            place = self._add(each)
            if isinstance(place, str):
                return place
            if each.name is not None:
                names.append((each.name, place))
        return tuple(names)

    def _add(self, dependency: Dependant) -> int | str:
        """Return the place of a dependency among the steps, after those that it depends on."""
        call = dependency.call
        why = more_than_a_request(dependency)
        if call is None or why is not None or not dependency.use_cache:
            return f"the dependency {getattr(call, '__name__', call)!r} {why or 'is not cached'}"
        given = self._add_all(dependency.dependencies)
        if isinstance(given, str):
            return given
        if call not in self._places:
            request = dependency.request_param_name or dependency.http_connection_param_name
            self._places[call] = len(self._steps)
            self._steps.append(Step(call, request, given))
        return self._places[call]
