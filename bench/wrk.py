"""Load by wrk: https://github.com/wg/wrk, `apt install wrk`, `brew install wrk`."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from bench.cores import cores, pinned
from bench.errors import BenchError
from bench.places import SCRIPT
from bench.plan import CONNECTIONS

MISSING = (
    "wrk, which sends the requests, is not installed: apt install wrk (Debian, Ubuntu), "
    "dnf install wrk (Fedora), brew install wrk (macOS). Without it the answers are compared and "
    "pgbench is measured, nothing else."
)


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: requests a second, latencies in milliseconds, bytes of one response."""

    requests: int
    per_second: float
    p50: float
    p99: float
    size: int


def is_there() -> bool:
    """Tell whether wrk is installed."""
    return shutil.which("wrk") is not None


def posted(path: str, body: object) -> str:
    """Return the line that asks for a POST of JSON; a path alone is a GET."""
    return f"{path}\t{json.dumps(body, ensure_ascii=False)}"


def load(port: int, lines: Sequence[str], seconds: int, *, keyed: bool = False) -> Load:
    """Send the requests of the lines in turn over all connections, each with a key if `keyed`.

    Raises:
        BenchError: An answer was no 2xx or 3xx, or there was none.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        with pinned(cores()[1]):
            done = subprocess.run(  # noqa: S603 - our own script and paths, and no shell
                [
                    *(shutil.which("wrk") or "wrk", "--threads", "1", "--timeout", "10"),
                    *("--connections", str(CONNECTIONS), "--duration", str(seconds)),
                    *("--script", str(SCRIPT), f"http://127.0.0.1:{port}", "--", file.name),
                    *([uuid4().hex] if keyed else []),
                ],
                check=False,
                capture_output=True,
                text=True,
            )
    if done.returncode != 0:
        raise BenchError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    return read(done.stdout)


def read(output: str) -> Load:
    """Read the last line that `wrk.lua` wrote."""
    said = json.loads(output.strip().splitlines()[-1])
    bad = {name: said[name] for name in ("refused", "broken", "late") if said[name]}
    if bad:
        raise BenchError(f"wrk saw answers that were refused, broken or late: {bad}")
    return Load(
        requests=said["requests"],
        per_second=said["requests"] / said["seconds"],
        p50=said["p50"],
        p99=said["p99"],
        size=said["bytes"] // max(said["requests"], 1),
    )
