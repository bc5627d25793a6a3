"""A keeper that writes down what it is asked, for the tests of held responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from fastgres.http import EXCHANGE, Exchange

if TYPE_CHECKING:
    from fastgres.http import WholeResponse


class Noting:
    """Keep everything, and raise each of the given errors once."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.seen: list[str] = []

    async def keep(self, response: WholeResponse) -> WholeResponse:
        """Note status and body."""
        if self.errors:
            raise self.errors.pop(0)
        self.seen.append(f"keep {response.status} {response.body.decode()}")
        return response

    async def abandon(self) -> None:
        """Note it."""
        self.seen.append("abandon")

    async def hold(self, connection: HTTPConnection) -> None:
        """Be a dependency that has the response held."""
        exchange_of(connection).hold(self)


def exchange_of(connection: HTTPConnection) -> Exchange:
    """Return the exchange of a request."""
    exchange = connection.scope[EXCHANGE]
    assert isinstance(exchange, Exchange)
    return exchange
