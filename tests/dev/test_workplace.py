"""The project at hand, and the address of its database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fastgres.dev import Workplace
from fastgres.errors import ConfigurationError, UnknownNameError
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


def test_other_settings_hold_for_this_process_and_those_it_starts(tmp_path: Path) -> None:
    """Checked as those of the environment are; what was given before stays."""
    given = replace(workplace(tmp_path, database_url=URL), given={"port": 9000})
    other = given.having(mail_url="smtp://127.0.0.1:1025")
    assert other.settings.mail_url is not None
    assert other.settings.environment == "test"
    assert other.given == {"port": 9000, "mail_url": "smtp://127.0.0.1:1025"}
    assert given.settings.mail_url is None
    with pytest.raises(ConfigurationError, match="MAIL_URL"):
        given.having(mail_url="http://127.0.0.1")
    with pytest.raises(UnknownNameError, match="did you mean 'mail_url'"):
        given.having(mail_ulr="smtp://127.0.0.1:1025")
