"""Say where the service is, as soon as it really answers."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console
from rich.markup import escape

from fastgres.app import embedded_directory
from fastgres.dev.workplace import Workplace
from fastgres.errors import UnavailableError

INTERVAL = 0.05


@dataclass(frozen=True)
class Address:
    """Where the server listens."""

    host: str
    port: int

    @property
    def reachable(self) -> str:
        """The host as a client on this machine writes it."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound

    @property
    def url(self) -> str:
        """The URL of the service."""
        host = f"[{self.reachable}]" if ":" in self.reachable else self.reachable
        return f"http://{host}:{self.port}"


@contextmanager
def welcoming(address: Address, workplace: Workplace, mail: str | None = None) -> Iterator[None]:
    """Print the block once, when the server started inside answers its first request."""
    stopped = threading.Event()
    show = partial(block, address, workplace, mail=mail)
    watcher = threading.Thread(target=_watch, args=(address, show, stopped), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


def _watch(
    address: Address, show: Callable[[dict[str, Any]], str], stopped: threading.Event
) -> None:
    while not _is_up(address):
        if stopped.wait(INTERVAL):
            return
    console = Console(highlight=False)
    console.print(show(get(address, "/openapi.json") or {}), soft_wrap=True)


def _is_up(address: Address) -> bool:
    """Tell whether the service answers, and not what stands in for one that does not start."""
    answer = get(address, "/livez")
    return answer is not None and answer.get("status") != UnavailableError.status


def get(address: Address, path: str) -> dict[str, Any] | None:
    """Return the JSON object at `path`, `{}` for any other answer, None for none at all."""
    connection = http.client.HTTPConnection(address.reachable, address.port, timeout=5)
    try:
        connection.request("GET", path)
        body = connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def block(
    address: Address, workplace: Workplace, openapi: dict[str, Any], *, mail: str | None = None
) -> str:
    """Return the text: where the documents are, what to try, where the data is, how to stop."""
    title = str(openapi.get("info", {}).get("title") or workplace.project.root.name)
    rows = {
        "API docs": f"{address.url}/docs" if workplace.settings.serves_docs else "off",
        "Health": f"{address.url}/readyz",
        "Try": f"curl '{address.url}{first_list(openapi)}'",
        "Mail": mail,
        "Data": _data(workplace),
        "Stop": "Ctrl-C",
    }
    lines = [f"  [bold]{label:<10}[/bold]{escape(text)}" for label, text in rows.items() if text]
    return "\n".join(["", f"[bold green]{escape(title)} is running[/bold green]", *lines, ""])


def first_list(openapi: dict[str, Any]) -> str:
    """Return the path of the first route that can be read without knowing an id."""
    for path, operations in openapi.get("paths", {}).items():
        if "get" in operations and "{" not in path and path not in {"/livez", "/readyz"}:
            return str(path)
    return "/livez"


def _data(workplace: Workplace) -> str:
    if workplace.is_embedded:
        directory = embedded_directory(workplace.settings)
        return f"{directory} (embedded PostgreSQL, stops with the service)"
    return "the database of DATABASE_URL"
