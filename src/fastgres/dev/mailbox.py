"""The mailbox of the development server: where mail goes, and a page that shows it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from anyio.from_thread import start_blocking_portal

from fastgres.dev.mailpage import mail_page
from fastgres.mail import Mailbox

HOST: Final = "127.0.0.1"
PREFERRED: Final = 8025
"""Port of the page, so that an open tab shows the next start too; a free one if it is taken."""


@dataclass(frozen=True, slots=True)
class Post:
    """Where mail is handed in, and where it is looked at."""

    mail_url: str
    page: str


@contextmanager
def post_office(folder: Path) -> Iterator[Post]:
    """Receive mail and show it while the block runs, in a thread, beside any number of reloads."""
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        office = portal.wrap_async_context_manager(_opened(folder))
        post = office.__enter__()
        # What ends the block, a Ctrl-C say, is not the business of the loop in the thread.
        stack.callback(office.__exit__, None, None, None)
        yield post


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Post]:
    with _listener() as listener:
        async with Mailbox(folder) as mailbox:
            page = mail_page(mailbox)
            server = uvicorn.Server(
                uvicorn.Config(page, lifespan="off", log_config=None, access_log=False)
            )
            serving = asyncio.create_task(server.serve([listener]))
            yield Post(mailbox.url, f"http://{HOST}:{listener.getsockname()[1]}")
            server.should_exit = True
            await serving


def _listener() -> socket.socket:
    """Listen on this machine alone, whatever HOST says: letters are nobody else's concern."""
    try:
        return socket.create_server((HOST, PREFERRED))
    except OSError:
        return socket.create_server((HOST, 0))
