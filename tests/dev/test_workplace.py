"""The project at hand, and the address of its database."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastgres.dev import Workplace
from fastgres.errors import ConfigurationError
from fastgres.settings import Project, Settings, load_settings

URL = "postgresql://app@db/shop"


def workplace(folder: Path, **values: str) -> Workplace:
    """Return that of a project which names objects of the standard library."""
    project = Project(root=folder, app="fastgres.cli:main", metadata="collections:OrderedDict")
    return Workplace(project, load_settings(Settings, environment="test", **values))


def test_the_database_of_the_settings_is_used_as_it_is(tmp_path: Path) -> None:
    """Nothing is started for it."""
    given = workplace(tmp_path, database_url=URL)
    with given.address() as url:
        assert url == URL
    assert not given.is_embedded
    assert list(tmp_path.iterdir()) == []


def test_metadata_that_is_none_is_refused(tmp_path: Path) -> None:
    """With what was named instead."""
    with pytest.raises(ConfigurationError, match=r"'collections:OrderedDict' is a type"):
        _ = workplace(tmp_path).metadata


def test_sample_data_may_take_its_time(tmp_path: Path) -> None:
    """The limits of requests would end a long seed."""
    given = workplace(tmp_path, database_url=URL)
    assert given.settings.database_statement_timeout > 0
    assert given.patient.database_statement_timeout == 0
    assert given.patient.database_transaction_timeout == 0
