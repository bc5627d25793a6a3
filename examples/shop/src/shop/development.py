"""What runs beside the shop while it is developed: a payment provider."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import payments
from fastgres.errors import ConfigurationError
from fastgres.settings import Project
from shop.core.config import NOBODY, Settings

PATIENCE = 5.0
"""Seconds in which the provider must have ended."""


@contextmanager
def companions(settings: Settings) -> Iterator[dict[str, str]]:
    """Start a payment provider for `fastgres dev`, unless the settings name one."""
    if settings.payment_url != NOBODY:
        yield {}
        return
    state = Project.find().state_directory
    state.mkdir(exist_ok=True)
    with payment_provider(state / "payments.db") as url:
        yield {"payment_url": url}


@contextmanager
def payment_provider(store: Path | str = ":memory:") -> Iterator[str]:
    """Run a provider in a process of its own, and give its URL; it ends with this one."""
    source = str(Path(payments.__file__).parents[1])
    process = subprocess.Popen(  # noqa: S603 - this Python and our own module
        [sys.executable, "-m", "payments", "--store", str(store)],
        env=os.environ | {"PYTHONPATH": source},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _address(process)
    finally:
        _end(process)


def _address(process: subprocess.Popen[str]) -> str:
    url = process.stdout.readline().strip() if process.stdout else ""
    if not url:
        raise ConfigurationError("The payment provider did not start; it said why above.")
    return url


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
