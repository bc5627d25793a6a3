"""What wrk says is read, and nothing that went wrong counts as speed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from bench.errors import BenchError
from bench.wrk import is_there, load, posted, read

LINES = [posted("/orders", {"note": "Größe"}), posted("/customers", {"name": "美咲"})]


class Listener(ThreadingHTTPServer):
    """Answers every POST and keeps what was sent: the path, the key, and the body."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None, Any]] = []
        super().__init__(("127.0.0.1", 0), Answering)


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, self.headers["Idempotency-Key"], body))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    if not is_there():
        pytest.skip("wrk is not installed")
    server = Listener()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


SAID = (
    "Running 1s test\n  2 threads\n"
    '{"requests": 500, "seconds": 2.0, "bytes": 100000, "p50": 1.5, "p99": 9.25, '
    '"refused": %d, "broken": %d, "late": %d}\n'
)


def test_the_last_line_is_the_result() -> None:
    """Above it wrk writes what people read."""
    found = read(SAID % (0, 0, 0))
    assert (found.requests, found.per_second, found.size) == (500, 250.0, 200)
    assert (found.p50, found.p99) == (1.5, 9.25)


def test_a_line_of_a_post_is_its_path_and_its_body() -> None:
    """A tab cannot stand in either: JSON escapes it."""
    assert posted("/customers", {"name": "美\t咲"}) == '/customers\t{"name": "美\\t咲"}'


@pytest.mark.parametrize("bad", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_an_answer_that_failed_is_an_error(bad: tuple[int, int, int]) -> None:
    """Errors are fast; they must not look like speed."""
    with pytest.raises(BenchError, match="refused, broken or late"):
        read(SAID % bad)


def test_posts_arrive_as_they_were_written(listener: Listener) -> None:
    """In turn, without a key unless one was asked for."""
    found = load(listener.server_port, LINES, 1)
    assert found.requests > 0
    sent = {(path, key, *body.values()) for path, key, body in listener.seen}
    assert sent == {("/orders", None, "Größe"), ("/customers", None, "美咲")}


def test_no_key_is_sent_twice(listener: Listener) -> None:
    """The second request with a key would be answered from memory, which is fast."""
    for _ in range(2):
        load(listener.server_port, LINES, 1, keyed=True)
    keys = [key for _, key, _ in listener.seen]
    assert None not in keys
    assert len(keys) == len(set(keys))
