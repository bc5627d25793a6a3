"""psql on the database of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastgres.dev import open_psql
from fastgres.dev.psql import without_password
from fastgres.errors import FastgresError


@pytest.mark.parametrize(
    ("url", "bare", "password"),
    [
        ("postgresql://app:h%40x@db:5432/shop", "postgresql://app@db:5432/shop", "h@x"),
        ("postgresql://app@db/shop", "postgresql://app@db/shop", None),
        ("postgresql://app:x@a:1,b:2/shop", "postgresql://app@a:1,b:2/shop", "x"),
        ("postgresql:///shop?host=/run&password=x", "postgresql:///shop?host=/run", "x"),
    ],
)
def test_the_password_is_taken_out(url: str, bare: str, password: str | None) -> None:
    """Arguments are seen by every user of the machine."""
    assert without_password(url) == (bare, password)


def test_arguments_and_password_reach_psql(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The address without its password, the password by the environment."""
    psql = tmp_path / "psql"
    psql.write_text('#!/bin/sh\necho "$@" "PGPASSWORD=$PGPASSWORD"\nexit 3\n')
    psql.chmod(0o755)
    for name in ("postgres", "initdb", "pg_ctl"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\necho "postgres (PostgreSQL) 18.6"\n')
        program.chmod(0o755)
    code = open_psql("postgres://app:hunter2@db/shop?ssl=true", ["-c", "x"], programs=tmp_path)
    printed = capfd.readouterr().out
    assert code == 3
    assert printed.split() == [
        "-c",
        "x",
        "postgresql://app@db/shop?sslmode=require",
        "PGPASSWORD=hunter2",
    ]


def test_programs_that_cannot_be_used_are_an_error_of_ours(tmp_path: Path) -> None:
    """A directory without PostgreSQL: the message names it."""
    with pytest.raises(FastgresError, match=str(tmp_path)):
        open_psql("postgresql://app@db/shop", programs=tmp_path)
