"""Memory of a service while it gives a million rows to one client."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass

from bench.errors import BenchError
from bench.meters import peak_memory
from bench.roster import Contestant
from bench.rounds import Bench
from bench.server import Server

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Export:
    """What went out, and the bytes that the process held before and at most."""

    contestant: str
    rows: int
    size: int
    seconds: float
    idle: int | None
    peak: int | None


def run_export(bench: Bench, contestant: Contestant) -> Export:
    """Read everything once, after the service has answered ordinary requests and come to rest."""
    bench.tell(f"export of a million rows: {contestant.name}")
    with bench.server(contestant) as server:
        for path in contestant.urls(bench.sample, server.get)["page"] * 20:
            server.get(path)
        time.sleep(0.5)
        idle = peak_memory(server.process.pid, anew=True)
        begun = time.perf_counter()
        rows, size = _read(server, contestant.export)
        seconds = time.perf_counter() - begun
        peak = peak_memory(server.process.pid)
    return Export(contestant.name, rows, size, seconds, idle, peak)


def _read(server: Server, path: str) -> tuple[int, int]:
    """Return how many lines and bytes an answer has, without keeping it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    if response.status != 200:
        raise BenchError(f"{server.name}: {path} is {response.status}: {response.read(500)!r}")
    rows = size = 0
    while chunk := response.read(_CHUNK):
        rows += chunk.count(b"\n")
        size += len(chunk)
    connection.close()
    return rows, size
