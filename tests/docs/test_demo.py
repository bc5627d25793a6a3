"""`make demo` does what the first screen of the README promises, in a checkout of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.docs.blocks import ROOT, page_examples
from tests.docs.terminal import Command, commands_of, environment, free_port, shows

PATIENCE = 150.0
"""Seconds for a start that migrates and fills the shop, on a machine that is busy with tests."""

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(400)]


@dataclass
class Demo:
    """A running `make demo` and what it says."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def output(self) -> str:
        """What was printed until now."""
        return self.log.read_text()

    def printed(self, label: str) -> str:
        """Return what stands behind a label of the block."""
        rows = [line.strip() for line in self.output.splitlines()]
        return next(row[len(label) :].strip() for row in rows if row.startswith(f"{label} "))

    @property
    def port(self) -> str:
        """The port that the block names."""
        return self.printed("Health").rpartition(":")[2].partition("/")[0]

    def signal(self, number: signal.Signals) -> int:
        """Send a signal as a terminal does, to all of the demo, and wait for its end."""
        os.killpg(self.process.pid, number)
        return self.process.wait(PATIENCE)


def start(checkout: Path, port: int) -> Demo:
    """Start the demo and return when it has said how to stop it, or has ended."""
    log = checkout / f"demo-{port}.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["make", "demo"],
            cwd=checkout,
            env=environment(PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    demo = Demo(process, log)
    wait_until(lambda: "Ctrl-C" in demo.output or process.poll() is not None)
    return demo


@contextmanager
def running(checkout: Path) -> Iterator[Demo]:
    """Run the demo on a free port, and end it whatever happens."""
    demo = start(checkout, free_port())
    try:
        assert demo.process.poll() is None, demo.output
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.signal(signal.SIGINT)


def wait_until(condition: Callable[[], bool]) -> None:
    """Look until something is true that no event tells of: it happens in other processes."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def processes(*words: str) -> list[str]:
    """List the processes whose command line holds one of the words."""
    listed = subprocess.run(["ps", "-Aww", "-o", "command="], capture_output=True, check=True)
    lines = listed.stdout.decode(errors="replace").splitlines()
    return [line for line in lines if any(word in line for word in words)]


def run(command: str) -> str:
    """Run a command as a reader pastes it, and return what it printed."""
    finished = subprocess.run(
        ["bash", "-c", command], env=environment(), capture_output=True, check=True
    )
    return finished.stdout.decode()


def data_of(demo: Demo) -> str:
    """Return the directory of the data, as the block names it."""
    return demo.printed("Data").split(" (")[0]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which everything is installed: whatever installs again fails, for uv is empty.

    Its environment is that of the tests; its data is its own.
    """
    made = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
    for name in ("examples", "requirements", "tools"):
        shutil.copytree(ROOT / name, made / name, ignore=ignored)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, made)
    (made / ".tools" / "uv" / "bin").mkdir(parents=True)
    (made / ".tools" / "uv" / "bin" / "uv").touch()
    (made / ".venv").mkdir()
    (made / ".venv" / "bin").symlink_to(Path(sys.prefix) / "bin")
    (made / ".venv" / ".installed").write_text(f"{made}\n")
    return made


@pytest.fixture(scope="module")
def first_output(checkout: Path) -> str:
    """What the first start in this checkout says: it migrates and fills the shop."""
    with running(checkout) as demo:
        return demo.output.replace(demo.port, "8000")


def shown_in_the_readme() -> list[Command]:
    """Return the commands of the first screen: the demo, and what is asked of it."""
    readme = next(page for page in page_examples() if page.name == "README.md")
    commands = [c for block in readme.only("console").blocks for c in commands_of(block)]
    return [c for c in commands if c.text == "make demo" or "127.0.0.1:8000" in c.text]


def test_first_start_says_what_the_readme_shows(first_output: str) -> None:
    """The transcript on the first screen is real; installing is over when this test runs."""
    lines = shown_in_the_readme()[0].shown.splitlines()
    shown = "\n".join(line for line in lines if not line.startswith("Installing "))
    assert shows(shown, first_output), first_output


@pytest.fixture(scope="class")
def second(checkout: Path, first_output: str) -> Iterator[Demo]:
    """A demo in the checkout where one ran before, for all that only ask it."""
    with running(checkout) as demo:
        yield demo


class TestSecondStart:
    """What is there is used as it is."""

    def test_it_neither_installs_nor_seeds(self, second: Demo) -> None:
        assert "Installing" not in second.output
        assert "100,000" not in second.output

    def test_answers_are_those_of_the_readme(self, second: Demo) -> None:
        """What the first screen asks of the demo is answered as it shows."""
        asked = shown_in_the_readme()[1:]
        assert asked
        for command in asked:
            output = run(command.text.replace(":8000", f":{second.port}"))
            assert shows(command.shown, output), output

    def test_printed_command_answers(self, second: Demo) -> None:
        """The line to try works when pasted, and finds the shop filled."""
        assert json.loads(run(second.printed("Try")))["items"]


def ask(demo: Demo, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the shop of the demo, by POST when there is a body."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{demo.port}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def test_an_order_is_paid_and_its_receipt_is_in_the_mailbox(
    checkout: Path, first_output: str
) -> None:
    """Worker, mailbox and payment provider run beside the shop, and end with it."""
    with running(checkout) as demo:
        product = ask(demo, "/products?size=1&active=true&sort=price")["items"][0]
        customer = ask(demo, "/customers?size=1")["items"][0]
        ask(demo, f"/products/{product['id']}/restock", {"quantity": 1})
        line = {"product_id": product["id"], "quantity": 1}
        order = ask(demo, "/orders", {"customer_id": customer["id"], "items": [line]})
        paid = ask(demo, f"/orders/{order['id']}/pay", {"card": "tok_visa"})
        assert paid["status"] == "paid"

        def received() -> bool:
            with urllib.request.urlopen(demo.printed("Mail"), timeout=PATIENCE) as page:
                return customer["email"] in page.read().decode()

        wait_until(received)
        assert len(processes("-m payments", str(checkout))) > 1
        demo.signal(signal.SIGINT)
    wait_until(lambda: not [line for line in processes(str(checkout)) if "payments" in line])


def test_ctrl_c_stops_everything(checkout: Path, first_output: str) -> None:
    """No server, no PostgreSQL and no keeper outlives the demo."""
    with running(checkout) as demo:
        words = (str(checkout), data_of(demo))
        assert processes(*words)
        demo.signal(signal.SIGINT)
        assert "Traceback" not in demo.output
        wait_until(lambda: not processes(*words))


def test_killed_demo_starts_again(checkout: Path, first_output: str) -> None:
    """`kill -9` leaves nothing that the next start trips over."""
    with running(checkout) as demo:
        words = (str(checkout), data_of(demo))
        demo.signal(signal.SIGKILL)
    with running(checkout) as demo:
        assert json.loads(run(demo.printed("Try")))["items"]
    wait_until(lambda: not processes(*words))


def test_taken_port_is_a_clear_error(checkout: Path, first_output: str) -> None:
    """Somebody else listens there: the message names the port, and there is no traceback."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        demo = start(checkout, port)
        assert demo.process.wait(PATIENCE) != 0
    assert str(port) in demo.output
    assert "Traceback" not in demo.output
