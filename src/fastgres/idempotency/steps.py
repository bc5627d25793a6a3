"""Steps of a request that calls somebody else: each is done once, whoever dies in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from fastapi import Depends
from starlette.requests import Request

from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Scope

STEPS = "fastgres.steps"
"""Key of the steps of a request in the ASGI scope."""

Result = TypeVar("Result")


class Runner(Protocol):
    """Who knows what was done before, and writes down what is done now."""

    async def call(self, name: str, call: Callable[[str], Awaitable[Any]]) -> Any:
        """Do a step outside of the database."""
        ...

    async def write(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do a step inside of it."""
        ...


class Steps:
    """The steps of one request with an Idempotency-Key that calls a third party.

    What a step returned is written down before the next begins. A retry, after the process died or
    the answer of the other side was lost, is given it and goes on behind it. Whatever stands
    outside of a step runs again, so before the last step it only reads; after the last one a unit
    of work is committed together with the answer.

    ```python
    from fastapi import APIRouter
    from fastgres.http import SessionDep
    from fastgres.idempotency import StepsDep, anyone, idempotent
    from shop.models import Customer

    router = APIRouter()

    async def charge(key: str) -> dict[str, str]:
        return {"receipt": f"made for {key}"}

    @router.post("/customers", dependencies=[idempotent(caller=anyone)])
    async def register(session: SessionDep, steps: StepsDep) -> dict[str, str]:
        receipt = await steps.run("charge", charge)
        async with session.begin():
            session.add(Customer(email="ada@example.com", name="Ada"))
        return receipt
    ```
    """

    __slots__ = ("_runner",)

    def __init__(self, runner: Runner | None = None) -> None:
        self._runner = runner

    def bind(self, runner: Runner) -> None:
        """Let the request's claim run them."""
        self._runner = runner

    async def run(self, name: str, call: Callable[[str], Awaitable[Result]]) -> Result:
        """Call somebody else, and return what the call returned when it first succeeded.

        `call` is given a key that is the same in every attempt: pass it on, so that the other side
        does its part once. No connection is held meanwhile. What it returns is stored as JSON. A
        `ProblemError` with a status from 400 to 499 is the last word of the other side: the answer
        to it is stored. After any other error the step is done again, by a retry or by
        `finish_abandoned`.

        Raises:
            ConfigurationError: a unit of work is open, something was written before, the name was
                used before, or the result is no JSON.
            UnavailableError: the call took nearly as long as the request may hold its key.
            RequestInProgressError: it took longer, and a twin has taken over.
        """
        result: Result = await self._running().call(name, call)
        return result

    async def write(self, name: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Write in a transaction of its own that is committed with this step, before the next.

        `work` writes by the request's session. What it returns is stored as JSON.
        """
        result: Result = await self._running().write(name, work)
        return result

    def _running(self) -> Runner:
        if self._runner is None:
            raise ConfigurationError(
                "A step was run in a request that is not answered once: its route has no "
                "Idempotent, or its method ignores the key. Steps belong to the key of a request; "
                "give the route `dependencies=[Idempotent]`."
            )
        return self._runner


async def provide_steps(request: Request) -> Steps:
    """Return the steps of the request, which its claim runs."""
    return steps_in(request.scope)


def steps_in(scope: Scope) -> Steps:
    """Return the steps of a request, made when first asked for."""
    steps: Steps = scope.setdefault(STEPS, Steps())
    return steps


StepsDep = Annotated[Steps, Depends(provide_steps)]
"""The steps of a request, for an idempotent route that calls a third party.

```python
from fastgres.idempotency import StepsDep

async def pay(steps: StepsDep) -> str:
    async def charge(key: str) -> str:
        return "receipt"

    return await steps.run("charge", charge)
```
"""
