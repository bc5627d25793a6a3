"""Routes whose answer cannot be stored with its effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.sse import EventSourceResponse

from fastgres.errors import ConfigurationError
from fastgres.idempotency import anyone, idempotent, prepare_idempotent

if TYPE_CHECKING:
    from collections.abc import Callable

ONCE = idempotent(caller=anyone)


def prepare(handler: Callable[..., Any], **options: Any) -> None:
    """Make a route with this handler ready."""
    router = APIRouter()
    router.post("/", dependencies=[ONCE], **options)(handler)
    app = FastAPI()
    app.include_router(router)
    prepare_idempotent(app)


async def streams() -> StreamingResponse:
    return StreamingResponse(iter(()))


async def sends_a_file() -> FileResponse:
    return FileResponse("/nowhere")


async def yields() -> AsyncIterator[str]:
    yield "line"


def yields_in_a_thread() -> Iterator[str]:
    yield "line"


async def answers() -> str:
    return "yes"


def answers_in_a_thread() -> str:
    return "yes"


async def has_tasks(tasks: BackgroundTasks) -> None:
    """Take them."""


async def tasks_beneath(_: Annotated[None, Depends(has_tasks)]) -> None:
    """Take them by a dependency."""


@pytest.mark.parametrize(
    ("handler", "options", "said"),
    [
        (streams, {}, "streams"),
        (sends_a_file, {}, "file"),
        (yields, {}, "streams"),
        (yields_in_a_thread, {}, "streams"),
        (yields, {"response_class": EventSourceResponse}, "streams"),
        (answers, {"response_class": StreamingResponse}, "streams"),
        (answers, {"response_class": FileResponse}, "file"),
        (answers_in_a_thread, {}, "async def"),
        (has_tasks, {}, "job"),
        (tasks_beneath, {}, "job"),
    ],
)
def test_what_cannot_be_stored_is_refused_at_the_start(
    handler: Callable[..., Any], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        prepare(handler, **options)
    assert handler.__name__ in str(caught.value)


def test_all_others_are_not() -> None:
    prepare(answers)
