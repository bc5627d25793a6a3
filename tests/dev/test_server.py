"""`fastgres dev` and `fastgres serve`, as processes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli import kiosk

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose server is started and stopped by the commands alone."""
    return kiosk.write(tmp_path_factory.mktemp("kiosk"))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server process, and what it said."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self.port = free_port()
        self.said: list[str] = []
        self.process = subprocess.Popen(
            kiosk.command(*words, "--port", str(self.port)),
            cwd=folder,
            env=kiosk.environment(PYTHONUNBUFFERED="1", **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, text: str) -> None:
        """Read on until a line has the text."""
        for line in self.process.stdout or ():
            self.said.append(line)
            if text in line:
                return
        raise AssertionError(f"ended without {text!r}: {''.join(self.said)}")

    def read(self, path: str) -> Any:
        """Ask the service."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, read what is still said, and return the exit code."""
        self.process.send_signal(number)
        self.said.extend(self.process.stdout or ())
        return self.process.wait(kiosk.PATIENCE)


@contextmanager
def running(folder: Path, *words: str, **variables: str) -> Iterator[Running]:
    """Run a server, and end it whatever happens."""
    server = Running(folder, *words, **variables)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)
        if server.process.stdout is not None:
            server.process.stdout.close()


def processes(folder: Path) -> list[str]:
    """List the processes whose command line holds the folder: PostgreSQL and its keeper."""
    listed = subprocess.run(["ps", "-Aww", "-o", "command="], capture_output=True, check=True)
    return [line for line in listed.stdout.decode().splitlines() if str(folder) in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_dev_serves_migrated_and_seeded_and_leaves_nothing(
    folder: Path, number: signal.Signals
) -> None:
    """One command from nothing to an answer; a signal is a normal end."""
    with running(folder, "dev", "--seed", "--no-reload") as server:
        server.wait_for("Ctrl-C")
        assert server.read("/papers") == ["paper 0", "paper 1", "paper 2"]
        assert processes(folder)
        assert server.end(number) == 0
    assert f"curl 'http://127.0.0.1:{server.port}/papers'" in "".join(server.said)
    assert "Traceback" not in "".join(server.said)
    assert processes(folder) == []


def test_dev_reloads_when_the_code_changes(folder: Path) -> None:
    """The new code answers on the same port; Ctrl-C ends both processes."""
    main = folder / "src" / "kiosk" / "main.py"
    before = main.read_text()
    with running(folder, "dev") as server:
        server.wait_for("Ctrl-C")
        assert server.read("/papers/7") == 7
        main.write_text(before.replace("return number", "return number + 1"))
        server.wait_for("Reloading")
        server.wait_for("started")
        assert server.read("/papers/7") == 8
        main.write_text(before)
        assert server.end(signal.SIGINT) == 0
    assert processes(folder) == []


MAIL = """
from fastgres.http import SettingsDep
from fastgres.mail import Letter, Mailer

@router.get("/mail/sent")
async def send(settings: SettingsDep) -> str:
    letter = Letter("Morning edition", "Hello.")
    return await Mailer(settings).send(letter, to="ann@example.com", key="morning")
"""


def test_dev_takes_mail_and_keeps_it_over_a_reload(folder: Path) -> None:
    """The page that is named shows it; nothing listens there afterwards."""
    main = folder / "src" / "kiosk" / "main.py"
    before = main.read_text()
    main.write_text(before + MAIL)
    with running(folder, "dev") as server:
        server.wait_for("Mail ")
        page = server.said[-1].split()[-1]
        server.wait_for("Ctrl-C")
        first = server.read("/papers/mail/sent")
        main.write_text(before + MAIL + "# changed")
        server.wait_for("Reloading")
        server.wait_for("started")
        assert server.read("/papers/mail/sent") == first
        with urllib.request.urlopen(page, timeout=30) as answer:
            assert answer.read().count(b"Morning edition") == 2
        main.write_text(before)
        assert server.end(signal.SIGINT) == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(page, timeout=30)
    assert len(list((folder / ".fastgres" / "mail").iterdir())) == 2
    assert processes(folder) == []


def test_broken_code_is_answered_503_until_it_is_mended(folder: Path) -> None:
    """A request neither hangs nor is refused: it says why the service does not start."""
    main = folder / "src" / "kiosk" / "main.py"
    before = main.read_text()
    with running(folder, "dev") as server:
        server.wait_for("Ctrl-C")
        main.write_text("def create_app(:")
        server.wait_for("Waiting for a change")
        with pytest.raises(urllib.error.HTTPError) as refused:
            server.read("/papers/7")
        assert refused.value.code == 503
        assert "SyntaxError" in json.load(refused.value)["detail"]
        main.write_text(before)
        server.wait_for("started")
        assert server.read("/papers/7") == 7
        assert server.end(signal.SIGINT) == 0
    assert processes(folder) == []


def test_a_killed_supervisor_takes_its_child_along(folder: Path) -> None:
    """`kill -9` leaves nobody on the port, so that the next start has it."""
    with running(folder, "dev") as server:
        server.wait_for("Ctrl-C")
        server.end(signal.SIGKILL)  # returns when the child has closed its end of the pipe
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", server.port)) != 0


def test_a_service_that_cannot_start_says_why_and_leaves_nothing(folder: Path) -> None:
    """Its fault, with the line; the exit code is not that of success."""
    broken = folder / "src" / "kiosk" / "broken.py"
    broken.write_text("from kiosk.main import *\n\ndef create_app(*_):\n    return 1 / 0\n")
    project = folder / "pyproject.toml"
    before = project.read_text()
    project.write_text(before.replace("kiosk.main:create_app", "kiosk.broken:create_app"))
    with running(folder, "dev", "--no-reload") as server, pytest.raises(AssertionError):
        server.wait_for("Ctrl-C")
    project.write_text(before)
    assert server.process.returncode not in {0, None}
    assert "ZeroDivisionError" in "".join(server.said)
    assert processes(folder) == []


def test_a_taken_port_is_an_error_before_anything_is_started(folder: Path) -> None:
    """Exit code 1, and no database was started for it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        finished = kiosk.run(folder, "dev", "--port", port)
    assert finished.returncode == 1
    assert f"Port {port} on 127.0.0.1 is already taken" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_dev_is_refused_in_production(folder: Path) -> None:
    """It would migrate unasked and show errors to strangers."""
    finished = kiosk.run(
        folder,
        "dev",
        ENVIRONMENT="production",
        SECRET_KEY="s" * 40,
        DATABASE_URL="postgresql://app@127.0.0.1:1/shop",
    )
    assert finished.returncode == 1
    assert "`fastgres serve`" in finished.stderr


def test_serve_refuses_a_schema_that_is_behind(folder: Path) -> None:
    """It says the command, and does it when asked to."""
    assert kiosk.run(folder, "db", "downgrade", "base", "--yes").returncode == 0
    refused = kiosk.run(folder, "serve", "--port", "0")
    assert refused.returncode == 1
    assert "fastgres db upgrade" in refused.stderr
    with running(folder, "serve", "--migrate", "--workers", "2") as server:
        server.wait_for("started")
        server.wait_for("started")
        assert server.read("/papers") == []
        assert server.end(signal.SIGTERM) == 0
    assert processes(folder) == []
