"""`fastgres jobs`: what there is, and what is to become of it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from fastgres.embedded import acquire
from tests.cli import chores, kiosk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with jobs, whose database is at head."""
    folder = chores.write(tmp_path_factory.mktemp("kiosk"))
    with acquire(folder / ".fastgres" / "postgres"):
        assert kiosk.run(folder, "db", "upgrade").returncode == 0
        yield folder


def test_check_misses_the_tables_that_the_jobs_need(tmp_path: Path) -> None:
    """Models and database agree, and the service would not start on them."""
    folder = chores.write(tmp_path / "kiosk")
    for revision in (folder / "migrations" / "versions").glob("*tables*.py"):
        revision.unlink()
    with acquire(folder / ".fastgres" / "postgres"):
        assert kiosk.run(folder, "db", "upgrade").returncode == 0
        finished = kiosk.run(folder, "db", "check")
        served = kiosk.run(folder, "serve", "--port", "0")
    assert (finished.returncode, served.returncode) == (1, 1)
    assert "The tables of fastgres are missing" in served.stderr
    assert "the jobs of this service cannot do without: `fastgres db tables`" in finished.stdout


@pytest.fixture
def ids(folder: Path) -> dict[str, int]:
    """The ids by argument: one greeting that waits, two failures that are dead."""
    return chores.lay_out(folder)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, int]]]:
    """Another such project, for tests that only look."""
    folder = chores.write(tmp_path_factory.mktemp("kiosk"))
    with acquire(folder / ".fastgres" / "postgres"):
        assert kiosk.run(folder, "db", "upgrade").returncode == 0
        yield folder, chores.lay_out(folder)


def jobs(folder: Path, *words: str) -> list[dict[str, Any]]:
    """Return what `fastgres jobs list` prints."""
    return list(read(folder, "list", *words))


def read(folder: Path, *words: str) -> Any:
    """Return the JSON that a verb prints."""
    finished = kiosk.run(folder, "jobs", *words, "--json")
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def states(folder: Path) -> dict[str, str]:
    """Return where each job stands, by its argument."""
    return {str(next(iter(job["arguments"].values()))): job["state"] for job in jobs(folder)}


def test_table_of_queues_is_printed_once_without_a_terminal(
    still: tuple[Path, dict[str, int]],
) -> None:
    """A line a queue; and that nobody works on it."""
    folder, _ = still
    finished = kiosk.run(folder, "jobs")
    assert finished.returncode == 0, finished.stderr
    lines = [line.split() for line in finished.stdout.splitlines()]
    headings = "queue ready running retrying scheduled dead oldest workers"
    assert headings in [" ".join(line) for line in lines]
    (row,) = [line for line in lines if line[:1] == ["default"]]
    assert row[1:6] == ["1", "0", "0", "0", "2"]
    assert "No worker runs" in finished.stdout


def test_table_is_kept_up_to_date_in_a_terminal(still: tuple[Path, dict[str, int]]) -> None:
    """Until Ctrl-C, which is a normal end."""
    folder, _ = still
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        kiosk.command("jobs", "--interval", "0.1"),
        cwd=folder,
        env=kiosk.environment(TERM="xterm"),
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    seen = b""
    with process, os.fdopen(terminal, "rb", buffering=0) as screen:
        while seen.count(b"queue ") < 3 and (part := screen.read(4096)):
            seen += part
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # what Linux says at the end of a terminal
            while part := screen.read(4096):
                seen += part
        assert process.wait(kiosk.PATIENCE) == 0, seen
    assert b"Traceback" not in seen


def test_queues_as_json(still: tuple[Path, dict[str, int]]) -> None:
    """With keys that a script may rely on."""
    folder, _ = still
    found = kiosk.run(folder, "jobs", "--json")
    (queue,) = json.loads(found.stdout)["queues"]
    oldest = queue.pop("oldest")
    assert oldest >= 0
    assert queue == {
        "queue": "default",
        "ready": 1,
        "running": 0,
        "retrying": 0,
        "scheduled": 0,
        "sent": 0,
        "dead": 2,
        "unknown": 0,
        "workers": 0,
        "slots": 0,
        "unknown_names": [],
    }


def test_nothing_is_said_in_words(still: tuple[Path, dict[str, int]]) -> None:
    """A bare heading would leave open whether something went wrong."""
    folder, _ = still
    assert kiosk.run(folder, "jobs", "list", "--queue", "nope").stdout == "no jobs\n"
    assert kiosk.run(folder, "jobs", "dead", "--queue", "nope").stdout == "no dead jobs\n"


def test_jobs_are_listed_by_filter(still: tuple[Path, dict[str, int]]) -> None:
    """All of them, or those of a state or a name."""
    folder, ids = still
    assert states(folder) == {"Ada": "ready", "no ink": "dead", "no paper": "dead"}
    assert [job["name"] for job in jobs(folder, "--state", "ready")] == ["greet"]
    assert [job["id"] for job in jobs(folder, "--name", "fail", "--limit", "1")] == [ids["no ink"]]
    finished = kiosk.run(folder, "jobs", "list")
    assert f"{ids['Ada']} " in finished.stdout


def test_dead_letters_say_why(still: tuple[Path, dict[str, int]]) -> None:
    """Reason and error, a line each."""
    folder, ids = still
    finished = kiosk.run(folder, "jobs", "dead")
    assert finished.returncode == 0, finished.stderr
    assert str(ids["no ink"]) in finished.stdout
    assert "It gave up: no ink" in finished.stdout
    assert "Ada" not in finished.stdout


def test_show_has_arguments_and_traceback(still: tuple[Path, dict[str, int]]) -> None:
    """And a number without a row says what that may mean."""
    folder, ids = still
    finished = kiosk.run(folder, "jobs", "show", str(ids["no ink"]))
    assert finished.returncode == 0, finished.stderr
    assert 'arguments: {"why": "no ink"}' in finished.stdout
    assert "Traceback" in finished.stdout
    unknown = kiosk.run(folder, "jobs", "show", "987654")
    assert unknown.returncode == 1
    assert "has no row" in unknown.stderr
    assert read(folder, "show", str(ids["Ada"]))["state"] == "ready"


def test_job_whose_function_is_gone_says_so(folder: Path, ids: dict[str, int]) -> None:
    """In the list, and by its name below the numbers."""
    assert ids
    chores.rename(folder, "greet", "welcome")
    finished = kiosk.run(folder, "jobs", "list")
    assert "ready, no such function" in finished.stdout
    board = kiosk.run(folder, "jobs").stdout
    assert "default: 1 without a function in this application: welcome" in board


def test_named_jobs_are_retried_without_a_question(folder: Path, ids: dict[str, int]) -> None:
    """The others stay."""
    finished = kiosk.run(folder, "jobs", "retry", str(ids["no ink"]))
    told = "1 put back, with 1 attempt\n"
    assert (finished.returncode, finished.stdout) == (0, told), finished.stderr
    assert states(folder) == {"Ada": "ready", "no ink": "ready", "no paper": "dead"}


def test_job_without_a_row_is_told_of_and_the_others_are_retried(
    folder: Path, ids: dict[str, int]
) -> None:
    """A script that named a wrong one learns of it by the status."""
    waiting, dead = ids["Ada"], ids["no ink"]
    finished = kiosk.run(folder, "jobs", "retry", str(dead), str(waiting), "987654")
    assert finished.returncode == 1
    assert "1 put back" in finished.stdout
    assert f"{waiting} left as it was: it is due already" in finished.stdout
    assert "The job 987654 has no row" in finished.stderr
    finished = kiosk.run(folder, "jobs", "cancel", "987654")
    assert (finished.returncode, finished.stdout) == (1, "0 moved to the dead letters\n")


def test_many_are_retried_after_a_question(folder: Path, ids: dict[str, int]) -> None:
    """Which says how many; no answer is a no."""
    assert ids
    refused = kiosk.run(folder, "jobs", "retry", "--queue", "default")
    assert refused.returncode == 1
    assert "Put 2 jobs back into the queues?" in refused.stderr
    assert states(folder)["no ink"] == "dead"
    answered = kiosk.feed(folder, "y\n", "jobs", "retry", "--queue", "default")
    assert answered.returncode == 0, answered.stderr
    assert states(folder) == {"Ada": "ready", "no ink": "ready", "no paper": "ready"}


def test_cancelled_jobs_are_dead_letters(folder: Path, ids: dict[str, int]) -> None:
    """From where they can be brought back."""
    finished = kiosk.run(folder, "jobs", "cancel", str(ids["Ada"]))
    assert finished.returncode == 0, finished.stderr
    assert read(folder, "show", str(ids["Ada"]))["reason"] == "Cancelled by an operator."


def test_cancelled_job_is_put_back_once_for_its_moment(folder: Path, ids: dict[str, int]) -> None:
    """What was put back is not acted on again by the same command."""
    chores.put_off(folder)
    number = str(ids["Ada"])
    assert kiosk.run(folder, "jobs", "cancel", number).returncode == 0
    finished = kiosk.run(folder, "jobs", "retry", number)
    assert finished.stdout.startswith("1 put back, with 6 attempts\n1 of them for a moment ahead")
    assert states(folder)["Ada"] == "scheduled"
    assert kiosk.run(folder, "jobs", "retry", number).stdout == "1 put back\n"
    assert states(folder)["Ada"] == "ready"


def test_purge_always_asks(folder: Path, ids: dict[str, int]) -> None:
    """Also when jobs are named; --yes is for scripts. What waits is never purged."""
    refused = kiosk.run(folder, "jobs", "purge", str(ids["no ink"]))
    assert refused.returncode == 1
    assert "Delete 1 job for good?" in refused.stderr
    finished = kiosk.run(folder, "jobs", "purge", "--yes")
    assert (finished.returncode, finished.stdout) == (0, "2 deleted\n"), finished.stderr
    assert states(folder) == {"Ada": "ready"}


def test_purge_by_age(folder: Path, ids: dict[str, int]) -> None:
    """They died just now."""
    assert ids
    finished = kiosk.run(folder, "jobs", "purge", "--older-than", "7d", "--yes")
    assert finished.stdout == "0 deleted\n"
    wrong = kiosk.run(folder, "jobs", "purge", "--older-than", "7", "--yes")
    assert wrong.returncode == 2
    assert "no span of time" in wrong.stderr


def test_without_a_database_nothing_but_the_error_is_said(folder: Path) -> None:
    """A script reads standard output, and finds JSON there or nothing."""
    away = "postgresql://nobody@127.0.0.1:1/none"
    finished = kiosk.run(folder, "jobs", "--json", DATABASE_URL=away)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith("Error: The database is not reachable: 127.0.0.1:1/none (")
    assert len(finished.stderr.splitlines()) == 1


def test_without_tables_it_says_the_command(tmp_path: Path) -> None:
    """A project that has no jobs yet."""
    folder = kiosk.write(tmp_path)
    finished = kiosk.run(folder, "jobs")
    assert finished.returncode == 1
    assert "fastgres db tables" in finished.stderr
