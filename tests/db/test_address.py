"""The DSN that asyncpg gets, whoever wrote the URL."""

from __future__ import annotations

import pytest

from fastgres.db.address import dsn, place_of
from fastgres.errors import ConfigurationError


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_every_spelling_of_the_scheme_is_postgresql(scheme: str) -> None:
    assert dsn(f"{scheme}://ada@db.example:5433/shop") == "postgresql://ada@db.example:5433/shop"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("require", "require"), ("verify-full", "verify-full"), ("true", "require"), ("0", "disable")],
)
def test_ssl_is_spelled_sslmode(given: str, meant: str) -> None:
    assert dsn(f"postgresql://db.example/shop?ssl={given}").endswith(f"?sslmode={meant}")


def test_several_hosts_mean_the_one_that_takes_writes() -> None:
    url = dsn("postgresql://ada@one:5432,two:5433/shop")
    assert url == "postgresql://ada@one:5432,two:5433/shop?target_session_attrs=read-write"


def test_several_hosts_keep_the_choice_of_the_url() -> None:
    url = dsn("postgresql://ada@one,two/shop?target_session_attrs=prefer-standby")
    assert url.endswith("?target_session_attrs=prefer-standby")


def test_a_socket_directory_survives() -> None:
    assert dsn("postgresql://ada@/shop?host=/run/pg") == "postgresql://ada@/shop?host=/run/pg"


def test_the_slashes_stay_without_a_host() -> None:
    assert dsn("postgres:///shop?host=/run/pg") == "postgresql:///shop?host=/run/pg"


def test_a_password_with_escapes_survives() -> None:
    assert dsn("postgresql://ada:p%40ss%2F@db/shop") == "postgresql://ada:p%40ss%2F@db/shop"


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="'mysql', which is not PostgreSQL"):
        dsn("mysql://ada@db.example/shop")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://ada:hunter2@db.example:5432/shop?sslmode=require", "db.example:5432/shop"),
        ("postgresql://ada:hunter2@one:1,two:2/shop", "one:1,two:2/shop"),
        ("postgresql://ada@/shop?host=/run/pg", "/run/pg/shop"),
        ("postgresql:///shop", "the local socket/shop"),
    ],
)
def test_place_names_host_and_database_and_nobody(url: str, place: str) -> None:
    assert place_of(url) == place
