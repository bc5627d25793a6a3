"""The dependency that has a request answered once for each key."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from fastapi import Depends
from starlette.requests import Request

from fastgres.errors import ConfigurationError, IdempotencyKeyError
from fastgres.http import EXCHANGE, Exchange
from fastgres.idempotency.asked import Asked
from fastgres.idempotency.callers import caller_text
from fastgres.idempotency.claim import Claim
from fastgres.idempotency.fingerprint import fingerprint_of
from fastgres.idempotency.header import key_of
from fastgres.idempotency.rules import Rules
from fastgres.idempotency.stepped import SteppedClaim
from fastgres.idempotency.steps import steps_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import timedelta

    from starlette.types import Scope

    Make = Callable[..., Claim]


def plain(exchange: Exchange, asked: Asked, rules: Rules, *, scope: Scope) -> Claim:  # noqa: ARG001 - as `stepped`
    """Make the claim of a request that is one transaction."""
    return Claim(exchange, asked, rules)


def stepped(exchange: Exchange, asked: Asked, rules: Rules, *, scope: Scope) -> Claim:
    """Make the claim of a request that calls somebody else in steps."""
    return SteppedClaim(exchange, asked, rules, steps=steps_in(scope))


class Once:
    """Be the dependency: read the key, and know who asks. Made by `idempotent()`.

    `make` is given once the handler is one that takes a claim; a request that comes before, or to
    a route that FastAPI has built anew, is refused rather than answered twice.
    """

    def __init__(
        self, caller: Callable[..., Any] | None, rules: Rules, *, make: Make | None = None
    ) -> None:
        self.caller = caller
        self.rules = rules
        self._make = make
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [inspect.Parameter("request", keyword, annotation=Request)]
        if caller is not None:
            parameters.append(inspect.Parameter("caller", keyword, default=Depends(caller)))
        self.__signature__ = inspect.Signature(parameters)

    async def __call__(self, *, request: Request, caller: object = None) -> Claim | None:
        """Return the claim of a request on its key; None for one that is not answered once."""
        scope = request.scope
        if scope["method"] not in self.rules.methods:
            return None
        exchange = scope.get(EXCHANGE)
        if self._make is None or not isinstance(exchange, Exchange):
            raise ConfigurationError(NOT_PREPARED)
        key = key_of(scope["headers"])
        if key is None:
            self._refuse_if_required()
            return None
        body = await exchange.read_body()
        asked = Asked(caller_text(caller), key, fingerprint_of(scope, body))
        return self._make(exchange, asked, self.rules, scope=scope)

    def _refuse_if_required(self) -> None:
        if self.rules.required:
            raise IdempotencyKeyError(
                "This request needs the header Idempotency-Key, which makes it safe to send again: "
                "a value that is made anew for each thing that should happen once, such as a UUID."
            )


NOT_PREPARED: Final = (
    "A request came to an idempotent route that was not made ready when the application started: "
    "nobody has said who asks, or the route was added later. Make the application with "
    "`create_app(..., caller=...)` and all of its routers, or call `prepare_idempotent(app)` after "
    "the last route, and run its lifespan."
)


class IdempotentOptions(TypedDict, total=False):
    """What `idempotent()` takes besides who asks.

    `required` (default True): whether a request without the header is refused with 400. `lifetime`
    (24 hours, at most 30 days): how long an answer is kept. `stored`: statuses from 400 to 499 that
    are stored too, with what the handler has committed. `methods` (POST and PATCH): those that are
    answered once; the others of the route ignore the header. `lock` (90 seconds): how long a
    request with steps may hold its key from one to the next; then a retry goes on where it was
    left, and a call is broken off before.

    ```python
    from datetime import timedelta

    from fastgres.idempotency import IdempotentOptions, idempotent

    for_payments: IdempotentOptions = {"lifetime": timedelta(days=7), "stored": (402,)}
    Payment = idempotent(**for_payments)
    ```
    """

    required: bool
    lifetime: timedelta
    stored: Collection[int]
    methods: Collection[str]
    lock: timedelta


def idempotent(
    *, caller: Callable[..., Any] | None = None, **options: Unpack[IdempotentOptions]
) -> Any:
    """Return the dependency that has a route answer once for each Idempotency-Key.

    The answer is stored in the transaction of its effect: a retry is given the same bytes, with
    `Idempotent-Replayed: true`. A handler that fails has done nothing, and a retry begins anew.

    Args:
        caller: Dependency that returns who asks: an id, or a tuple such as (tenant, user). It is
            asked each time, before anything is replayed. Default: that of `create_app`.
        **options: See `IdempotentOptions`.

    ```python
    from datetime import timedelta

    from fastapi import APIRouter
    from fastgres.http import SessionDep
    from fastgres.idempotency import anyone, idempotent
    from shop.models import Customer

    router = APIRouter()

    @router.post("/customers", dependencies=[idempotent(caller=anyone, lifetime=timedelta(days=7))])
    async def register(session: SessionDep) -> None:
        async with session.begin():
            session.add(Customer(email="ada@example.com", name="Ada"))
    ```
    """
    given: dict[str, Any] = {**options}
    if "stored" in options:
        given["stored"] = frozenset(options["stored"])
    if "methods" in options:
        given["methods"] = frozenset(method.upper() for method in options["methods"])
    return Depends(Once(caller, Rules(**given)))


Idempotent: Final[Any] = idempotent()
"""The dependency with its defaults: the key is required, answers are kept for a day.

Who asks is the `caller` of `create_app`.

```python
from fastapi import APIRouter
from fastgres.app import create_app
from fastgres.idempotency import Idempotent, anyone

router = APIRouter()

@router.post("/orders", dependencies=[Idempotent])
async def place_order() -> dict[str, str]:
    return {"status": "placed"}

app = create_app(settings, title="Shop", routers=[router], database=database, caller=anyone)
operation = app.openapi()["paths"]["/orders"]["post"]
assert operation["parameters"][0]["name"] == "Idempotency-Key"
```
"""
