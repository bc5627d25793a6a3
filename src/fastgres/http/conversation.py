"""What is known of a request while it is answered, and how an answer leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.errors import ConfigurationError
from fastgres.http.routes import path_inside
from fastgres.http.spool import SpooledBody
from fastgres.http.unit import RequestUnit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.types import Message, Receive, Scope, Send

    from fastgres.db import OpenUnits
    from fastgres.http.body import RequestBody
    from fastgres.http.headers import Header
    from fastgres.http.keeper import Keeper, WholeResponse
    from fastgres.http.policy import Policy


class Conversation:
    """Hold the state of one request and its response; an `Exchange` carries it through.

    What the application sends goes to `diverted` instead, if that is set.
    """

    __slots__ = (
        "_unit",
        "attempts_left",
        "body",
        "code",
        "complete",
        "diverted",
        "keeper",
        "lost",
        "policy",
        "request_id",
        "scope",
        "size",
        "started",
        "status",
        "units",
        "wire",
        "wire_receive",
    )

    units: OpenUnits

    def __init__(self, policy: Policy, scope: Scope, receive: Receive, *, send: Send) -> None:
        self.policy = policy
        self.scope = scope
        self.wire_receive = receive
        self.wire = send
        self.body: RequestBody | None = None
        self.request_id = ""
        self.code = ""
        self.started = False
        self.diverted: Callable[[Message], Awaitable[None]] | None = None
        self.complete = False
        self.status = 0
        self.size = 0
        self.attempts_left = 0
        self.lost = False
        self.keeper: Keeper | None = None
        self._unit: RequestUnit | None = None

    @property
    def unit(self) -> RequestUnit:
        """The database work of this request; made when first asked for, as many have none."""
        if self._unit is None:
            self._unit = RequestUnit(self.policy.lifecycle, ended=self.started)
        return self._unit

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message of the application on."""
        raise NotImplementedError

    def drop_rest(self) -> None:
        """Send nothing more of what the application answers."""
        self.diverted = _dropped

    async def read_body(self) -> bytes:
        """Return the whole body of a request with an Idempotency-Key, without taking it away.

        Raises ConfigurationError for one without the key, whose body is not kept.
        """
        if not isinstance(self.body, SpooledBody):
            raise ConfigurationError("The body of a request without Idempotency-Key is not kept.")
        return await self.body.read()

    async def answer(self, response: WholeResponse) -> None:
        """Send this response, and nothing of what the application answers."""
        self.drop_rest()
        await self.unit.abandon()
        self.size = len(response.body)
        await self.start(response.status, response.headers)
        self.complete = True
        await self.wire({"type": "http.response.body", "body": response.body})

    async def begin_again(self) -> None:
        """Forget what the application has done and answered so far."""
        keeper, self.keeper, self.diverted, self.lost = self.keeper, None, None, False
        self.code = ""
        unit, self._unit = self._unit, None
        if unit is not None:
            await unit.abandon()
        if keeper is not None:
            await keeper.abandon()

    def start(self, status: int, given: Iterable[Header]) -> Awaitable[None]:
        """Send status and headers, completed by those that every response has."""
        policy = self.policy
        path = path_inside(self.scope)
        headers = policy.security.complete(given, path, request_id=self.request_id)
        if self._leaves() and all(name != b"connection" for name, _ in headers):
            headers.append((b"connection", b"close"))
        self.started = True
        self.status = status
        message = {"type": "http.response.start", "status": status, "headers": headers}
        if policy.cors is None:
            return self.wire(message)
        return policy.cors.mark(message, self.wire, self.scope)

    def _leaves(self) -> bool:
        """Tell whether the connection is better not used again."""
        if self.policy.lifecycle.draining:
            return True
        return self.body is not None and self.body.ties_up_connection


async def _dropped(_message: Message) -> None:
    """Be the sending of what is not sent."""
