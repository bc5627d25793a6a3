"""The hand-written statements alone, by pgbench: what the database could answer.

It is no contestant but a limit: nobody reads the answers, and both sides have all cores.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.contestants import sql
from bench.database import Database
from bench.errors import BenchError
from bench.meters import server_seconds
from bench.results import Run
from bench.sample import SIZE, STATUS, TOTAL_MIN, Sample

MISSING = "pgbench is missing, so the database's own limit is not measured."


def program(database: Database) -> Path | None:
    """Return pgbench: the server's own, else that of the machine."""
    own = database.programs / "pgbench"
    found = own if own.exists() else shutil.which("pgbench")
    return Path(found) if found else None


def statements(sample: Sample) -> dict[str, tuple[str, Sequence[object]]]:
    """Return the statements with their parameters, the same row each time; an order has several."""
    last = sample.before_depth
    return {
        "flat": (sql.FLAT, (sample.customers[0],)),
        "nested": (sql.NESTED, (sample.orders[0],)),
        "page": (sql.PAGE, (SIZE,)),
        "deep": (sql.DEEP, (SIZE, last.created_at.isoformat(), last.id)),
        "search": (sql.SEARCH, (SIZE, STATUS, TOTAL_MIN)),
        "create": (sql.CREATE, ("new@example.com", "Ada Lovelace", "Lyon", "+49 30 1")),
    }


def script_of(statement: str) -> str:
    """Return a statement as pgbench takes it: `$1` becomes the variable `p1`."""
    return re.sub(r"\$(\d+)", r":p\1", statement) + ";\n"


def best(
    database: Database, endpoint: str, sample: Sample, *, clients: Sequence[int], seconds: int
) -> Run:
    """Run the statement with each number of clients; the best of them is the limit."""
    runs = [_run(database, endpoint, sample, clients=each, seconds=seconds) for each in clients]
    return max(runs, key=lambda run: run.per_second)


def _run(database: Database, endpoint: str, sample: Sample, *, clients: int, seconds: int) -> Run:
    statement, parameters = statements(sample)[endpoint]
    defined = [f"--define=p{place}={value}" for place, value in enumerate(parameters, 1)]
    before = server_seconds(database.postmaster)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script_of(statement))
        file.flush()
        done = subprocess.run(  # noqa: S603 - pgbench we found, with our own statement
            [
                *(str(program(database)), "--no-vacuum", "--protocol=prepared"),
                *(f"--client={clients}", f"--jobs={min(clients, os.cpu_count() or 1)}"),
                *(f"--time={seconds}", f"--file={file.name}", *defined, database.url),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise BenchError(f"pgbench failed on {endpoint!r}:\n{done.stderr.strip()}")
    count, per_second = read(done.stdout)
    after = server_seconds(database.postmaster)
    spent = None if before is None or after is None else (after - before) / count * 1e6
    return Run(per_second=per_second, p50=1000 * clients / per_second, database=spent)


def read(output: str) -> tuple[int, float]:
    """Return how many transactions pgbench did, and how many a second."""
    count = re.search(r"^number of transactions actually processed: (\d+)", output, re.MULTILINE)
    rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    if not count or not rate or not int(count[1]):
        raise BenchError(f"pgbench said nothing about transactions:\n{output}")
    return int(count[1]), float(rate[1])
