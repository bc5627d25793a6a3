"""What runs beside the service in development."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fastgres.dev import Workplace
from fastgres.dev.companions import accompanied
from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.settings import Project, Settings, load_settings

running: list[str] = []


@contextmanager
def companions(settings: Settings) -> Iterator[Mapping[str, Any]]:
    """Stand for what a project starts; it needs a letter box and changes how much is logged."""
    assert settings.mail_url is not None
    running.append("companion")
    yield {"log_level": "warning"}
    running.remove("companion")


@contextmanager
def mistaken(_: Settings) -> Iterator[Mapping[str, Any]]:
    """Yield a setting that the service does not have."""
    yield {"payment_ulr": "http://127.0.0.1:1"}


def not_a_context(_: Settings) -> dict[str, Any]:
    """Forget the decorator."""
    return {}


def workplace(folder: Path, companions: str | None, **settings: Any) -> Workplace:
    """Return a project with these companions."""
    project = Project(root=folder, app="a:b", metadata="a:b", companions=companions)
    return Workplace(project, load_settings(Settings, **settings), settings)


def here(name: str) -> str:
    """Name something of this module, whatever pytest calls that."""
    sys.modules.setdefault("companions_of_a_test", sys.modules[__name__])
    return f"companions_of_a_test:{name}"


def test_mail_is_taken_unless_there_is_a_server_for_it(tmp_path: Path) -> None:
    """The settings say where, also those of the processes that are started anew."""
    with accompanied(workplace(tmp_path, None, port=0)) as (equipped, page):
        assert equipped.settings.mail_url is not None
        assert equipped.given == {
            "port": 0,
            "mail_url": equipped.settings.mail_url.get_secret_value(),
        }
        assert page is not None
        assert (tmp_path / ".fastgres" / "mail").is_dir()
    given = workplace(tmp_path, None, mail_url="smtp://mail.example")
    with accompanied(given) as (equipped, page):
        assert (equipped, page) == (given, None)


def test_the_projects_own_companions_run_as_long(tmp_path: Path) -> None:
    """And say by which settings the service finds them."""
    with accompanied(workplace(tmp_path, here("companions"))) as (equipped, _):
        assert running == ["companion"]
        assert equipped.settings.log_level == "WARNING"
        assert equipped.given["log_level"] == "warning"
    assert running == []


def test_mistakes_are_told(tmp_path: Path) -> None:
    """A setting that is none, a function that is no context manager."""
    with (
        pytest.raises(UnknownNameError, match="payment_ulr"),
        accompanied(workplace(tmp_path, here("mistaken"))),
    ):
        pass
    with (
        pytest.raises(ConfigurationError, match="@contextmanager"),
        accompanied(workplace(tmp_path, here("not_a_context"))),
    ):
        pass
