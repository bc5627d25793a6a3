"""Who runs the server."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from fastgres.embedded.account import Account, choose_account, environment
from fastgres.errors import EmbeddedError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
needs_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may use everybody's data")


@needs_user
def test_user_runs_it_as_himself(tmp_path: Path) -> None:
    """No other account is needed, or to be had."""
    account = choose_account(tmp_path / "data")
    assert account.is_self
    assert account.uid == os.geteuid()


@needs_user
def test_user_is_refused_the_data_of_another() -> None:
    """PostgreSQL would refuse them too, in fewer words."""
    with pytest.raises(EmbeddedError, match="belongs to user 0"):
        choose_account(Path("/"))


@needs_root
def test_root_runs_it_as_a_lesser_account(tmp_path: Path) -> None:
    """PostgreSQL refuses root."""
    account = choose_account(tmp_path / "data")
    assert not account.is_self
    assert pwd.getpwuid(account.uid).pw_name in {"postgres", "nobody"}
    assert account.run(["/usr/bin/id", "-u"]).stdout.strip() == str(account.uid)
    assert account.run(["/usr/bin/id", "-G"]).stdout.strip() == str(account.gid)


@needs_root
def test_data_stay_with_the_account_that_made_them(tmp_path: Path) -> None:
    """An account `postgres` that appears later does not take over from `nobody`."""
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", 1234567, 1)
    assert choose_account(tmp_path / "data").uid == 1234567


@needs_root
def test_reach_is_tried(place: Path) -> None:
    """What counts is whether the account gets in."""
    account = choose_account(place / "data")
    assert account.reaches(place)
    place.chmod(0o700)
    assert not account.reaches(place)


def test_program_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    """Not a traceback of subprocess."""
    with pytest.raises(EmbeddedError, match="Cannot run"):
        Account(os.geteuid(), os.getegid()).run([tmp_path / "nothing"])


def test_environment_keeps_what_is_not_postgres_or_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH stays, PGDATA goes."""
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("LC_MESSAGES", "de_DE")
    kept = environment()
    assert kept["PATH"] == os.environ["PATH"]
    assert {"PGDATA", "PYTHONPATH", "LC_MESSAGES"}.isdisjoint(kept)
