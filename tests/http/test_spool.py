"""Bodies that can be read more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import ClientDisconnect

from fastgres.errors import PayloadTooLargeError
from fastgres.http.spool import SpooledBody

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PARTS: list[dict[str, Any]] = [
    {"type": "http.request", "body": b"one ", "more_body": True},
    {"type": "http.request", "body": b"two", "more_body": False},
    {"type": "http.disconnect"},
]


def wire(*messages: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Receive these messages, one after the other."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def spooled(*messages: dict[str, Any], limit: int = 100) -> SpooledBody:
    """Make the body."""
    return SpooledBody(wire(*messages), limit=limit, patience=10)


async def test_reading_takes_nothing_from_the_receiver() -> None:
    body = spooled(*PARTS)
    assert await body.read() == b"one two"
    assert [await body.receive() for _ in range(3)] == PARTS


async def test_body_that_was_received_can_be_read() -> None:
    body = spooled(*PARTS)
    assert [await body.receive(), await body.receive()] == PARTS[:2]
    assert await body.read() == b"one two"
    assert (await body.receive())["type"] == "http.disconnect"


async def test_half_received_body_goes_on_where_it_was() -> None:
    body = spooled(*PARTS)
    assert await body.receive() == PARTS[0]
    assert await body.read() == b"one two"
    assert await body.receive() == PARTS[1]


async def test_rewound_body_begins_again() -> None:
    body = spooled(*PARTS)
    assert [await body.receive() for _ in range(3)] == PARTS
    body.rewind()
    assert [await body.receive(), await body.receive()] == PARTS[:2]


async def test_client_that_leaves_is_no_end_of_a_body() -> None:
    body = spooled(PARTS[0], PARTS[2])
    with pytest.raises(ClientDisconnect):
        await body.read()


async def test_limit_holds() -> None:
    body = spooled(*PARTS, limit=5)
    with pytest.raises(PayloadTooLargeError):
        await body.read()
