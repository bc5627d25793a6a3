"""`fastgres worker` and `fastgres relay`, as processes."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fastgres.embedded import acquire
from tests.cli import chores, kiosk

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = 'celery = "kiosk.tasks:celery"'
TASKS = """
from celery import Celery
from fastgres.celery import bind_celery
from fastgres.jobs import job

@job(target="celery")
async def sweep(room: str) -> None: ...

celery = bind_celery(Celery("kiosk", broker="memory://"), [sweep])
"""

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with jobs, whose database is at head."""
    folder = chores.write(tmp_path_factory.mktemp("kiosk"))
    with acquire(folder / ".fastgres" / "postgres"):
        assert kiosk.run(folder, "db", "upgrade").returncode == 0
        yield folder


class Working:
    """A worker process, and what it said."""

    def __init__(self, folder: Path, *words: str, verb: str = "worker") -> None:
        self.said = ""
        self.process = subprocess.Popen(
            kiosk.command(verb, *words),
            cwd=folder,
            env=kiosk.environment(PYTHONUNBUFFERED="1", SHUTDOWN_TIMEOUT="60"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, text: str) -> None:
        """Read on until a line has the text."""
        for line in self.process.stderr or ():
            self.said += line
            if text in line:
                return
        raise AssertionError(f"ended without {text!r}: {self.said}")

    def end(self) -> int:
        """Read what is still said, and return the exit code."""
        with self.process:
            self.said += (self.process.stderr and self.process.stderr.read()) or ""
            return self.process.wait(kiosk.PATIENCE)


@contextmanager
def working(folder: Path, *words: str, verb: str = "worker") -> Iterator[Working]:
    """Run a worker, and end it whatever happens."""
    worker = Working(folder, *words, verb=verb)
    try:
        yield worker
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            worker.end()


def test_worker_runs_jobs_and_stops_softly(folder: Path) -> None:
    """A job that runs when SIGTERM comes is finished; exit code 0."""
    with working(folder) as worker:
        worker.wait_for("worker started")
        chores.enqueue(folder, "greet", "Ada")
        worker.wait_for("job done")
        chores.enqueue(folder, "sleep", "1.5")
        worker.wait_for("asleep")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end() == 0, worker.said
    assert (folder / "greeted").read_text() == "Ada\n"
    assert worker.said.count("job done") == 2
    assert "worker stopped" in worker.said


def test_second_signal_stops_at_once(folder: Path) -> None:
    """What ran goes back to its queue, as if it had not been tried."""
    chores.enqueue(folder, "sleep", "600")
    with working(folder, "--queues", "slow", "--concurrency", "1") as worker:
        worker.wait_for("asleep")
        worker.process.send_signal(signal.SIGINT)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end() == 0, worker.said
    (job,) = json.loads(kiosk.run(folder, "jobs", "list", "--json").stdout)
    assert (job["name"], job["state"], job["attempt"]) == ("sleep", "ready", 0)


def test_worker_of_a_queue_leaves_others_alone(folder: Path) -> None:
    """A misspelt one is an error, with the one that was meant."""
    finished = kiosk.run(folder, "worker", "--queues", "default,slwo")
    assert finished.returncode == 1
    assert "did you mean 'slow'?" in finished.stderr


def test_worker_refuses_a_schema_that_is_behind(tmp_path: Path) -> None:
    """As `serve` does: its jobs would meet tables they do not know."""
    folder = chores.write(tmp_path)
    finished = kiosk.run(folder, "worker")
    assert finished.returncode == 1
    assert "fastgres db upgrade" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_worker_without_jobs_says_where_they_are_named(tmp_path: Path) -> None:
    """It would wait for ever, and look as if all was well."""
    folder = kiosk.write(tmp_path)
    with acquire(folder / ".fastgres" / "postgres"):
        assert kiosk.run(folder, "db", "upgrade").returncode == 0
        finished = kiosk.run(folder, "worker")
    assert finished.returncode == 1
    assert "create_app(..., jobs=[" in finished.stderr


def test_relay_hands_jobs_over_and_stops_softly(folder: Path) -> None:
    """A broker in memory takes anything; the job then waits for a worker of Celery."""
    (folder / "src" / "kiosk" / "tasks.py").write_text(TASKS)
    project = folder / "pyproject.toml"
    before = project.read_text()
    project.write_text(before.replace("[tool.fastgres]", f"[tool.fastgres]\n{NAMED}"))
    try:
        with working(folder, verb="relay") as relay:
            relay.wait_for("relay started")
            relay.process.send_signal(signal.SIGTERM)
            assert relay.end() == 0, relay.said
    finally:
        project.write_text(before)
    assert "relay stopped" in relay.said
