"""What blocks the event loop is named in development."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from structlog.testing import capture_logs

from fastgres.app import create_app
from fastgres.app.blocking import blocking_told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Thread

    from fastgres.settings import Settings


def block(logs: Sequence[Any]) -> None:
    """Keep the loop from everything until somebody says so."""
    deadline = time.monotonic() + 30
    while not logs and time.monotonic() < deadline:
        time.sleep(0.01)


async def test_place_is_told_that_blocks_the_loop() -> None:
    structlog.reset_defaults()
    with capture_logs() as logs:
        async with blocking_told(patience=0.01):
            block(logs)
    assert logs[0]["event"] == "event loop blocked"
    assert f"{__file__}:" in logs[0]["at"]
    assert logs[0]["at"].endswith(" in block")


async def test_only_a_service_in_development_is_watched(settings: Settings) -> None:
    def watching() -> set[Thread]:
        return {each for each in threading.enumerate() if each.name == "fastgres-lookout"}

    for environment, watched in (("development", 1), ("test", 0)):
        here = settings.model_copy(update={"environment": environment})
        app = create_app(here, title="Test", routers=[], database_url="postgresql:///none")
        before = watching()
        async with app.router.lifespan_context(app):
            ours = watching() - before
            assert len(ours) == watched
        for thread in ours:
            thread.join(10)
            assert not thread.is_alive()
