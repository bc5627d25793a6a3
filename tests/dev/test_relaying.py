"""A project's relay, found by its name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fastgres.dev import Workplace, run_relay
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from fastgres.settings import Project, Settings


def test_project_without_celery_is_told_how_to_name_it(
    project: Project, settings: Settings
) -> None:
    with pytest.raises(ConfigurationError, match="add for example celery = "):
        run_relay(Workplace(project, settings))


def test_what_is_not_bound_is_refused(
    project: Project, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unbound.py").write_text("from celery import Celery\ncelery = Celery('shop')\n")
    monkeypatch.syspath_prepend(tmp_path)
    named = dataclasses.replace(project, celery="unbound:celery")
    with pytest.raises(ConfigurationError, match="Call bind_celery"):
        run_relay(Workplace(named, settings))
