"""Where tests run: on the server of DATABASE_URL, never in its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from fastgres.errors import IsolationError
from fastgres.testing.server import running_server

if TYPE_CHECKING:
    from fastgres.settings import Project


def test_the_named_database_is_not_connected_to(
    alone: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only host, role and options are taken from the URL."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pw@db:5433/shop?ssl=require")
    with running_server(alone) as url:
        assert url == "postgresql://me:pw@db:5433/postgres?ssl=require"


def test_production_is_refused(alone: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever DATABASE_URL says, nothing is connected to."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pw@db/shop")
    with pytest.raises(IsolationError, match="production"), running_server(alone):
        pass


def test_without_a_url_the_project_has_a_server_of_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from the one of development."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with running_server(project) as url:
        assert "test-postgres" in str(make_url(url).query["host"])
