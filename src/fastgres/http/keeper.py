"""Who decides what becomes of a request's work once its response is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fastgres.http.headers import Header


@dataclass(frozen=True, slots=True)
class WholeResponse:
    """A response from its status to its last byte.

    ```python
    from fastgres.http import WholeResponse

    response = WholeResponse(201, ((b"content-type", b"application/json"),), b'{"id": 7}')
    assert response.status == 201
    ```
    """

    status: int
    headers: tuple[Header, ...]
    body: bytes


class Keeper(Protocol):
    """Who decides what becomes of a request's work once its response is known.

    ```python
    from fastgres.http import Exchange, Keeper

    def hold(exchange: Exchange, keeper: Keeper) -> None:
        exchange.hold(keeper)
    ```
    """

    async def keep(self, response: WholeResponse) -> WholeResponse:
        """Make the work durable or undo it; what this returns is answered.

        What is raised is answered in place of the response. A lost race
        (`SerializationFailureError`) has the application run again for the same request.
        """
        ...

    async def abandon(self) -> None:
        """Let go: the response will not come. The session was rolled back before."""
        ...
