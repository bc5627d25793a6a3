"""The id of a request."""

from __future__ import annotations

import asyncio

from fastgres.observability import bind_request_id, current_request_id, reset_request_id


def test_there_is_none_outside_of_a_request() -> None:
    """A line of start-up belongs to no request."""
    assert current_request_id() is None


async def test_each_task_has_its_own() -> None:
    """Two requests answered at once do not mix their lines."""
    both = asyncio.Barrier(2)

    async def answer(request_id: str) -> str | None:
        token = bind_request_id(request_id)
        await both.wait()
        found = current_request_id()
        reset_request_id(token)
        return found

    found = await asyncio.gather(answer("one"), answer("two"))
    assert list(found) == ["one", "two"]
    assert current_request_id() is None
