"""What the settings of a service hold, and what production refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from fastgres.errors import ConfigurationError
from fastgres.settings import CommaList, Settings, load_settings

SAFE = {
    "environment": "production",
    "secret_key": "s" * 32,
    "database_url": "postgresql://app:hunter2@db:5432/shop",
}


class ShopSettings(Settings):
    """A service's own settings."""

    payment_url: str = "https://payments.example"
    carriers: CommaList = Field(default=["post"])


def test_nothing_is_needed_in_development() -> None:
    """A fresh clone runs."""
    settings = load_settings(Settings)
    assert (settings.environment, settings.database_url) == ("development", None)
    assert settings.serves_docs
    assert settings.raises_on_uncommitted


def test_environment_variables_are_upper_case_field_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a prefix, for the service's own too."""
    monkeypatch.setenv("DATABASE_POOL_SIZE", "3")
    monkeypatch.setenv("PAYMENT_URL", "https://elsewhere.example")
    settings = load_settings(ShopSettings)
    assert (settings.database_pool_size, settings.payment_url) == (3, "https://elsewhere.example")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dhl, ups ,", ["dhl", "ups"]),
        ('["dhl","ups"]', ["dhl", "ups"]),
        ("[::1]", ["[::1]"]),
        ("[]", []),
    ],
)
def test_lists_are_comma_separated_or_json(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: list[str]
) -> None:
    """Also where an item starts with a bracket."""
    monkeypatch.setenv("CARRIERS", text)
    assert load_settings(ShopSettings).carriers == expected


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass `DATABASE_URL=` when it is not set outside."""
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")
    settings = load_settings(Settings)
    assert (settings.database_url, settings.port) == (None, 8000)


@pytest.mark.parametrize(
    ("environment", "delay"), [("development", 0.0), ("test", 0.0), ("production", 5.0)]
)
def test_only_production_waits_for_the_load_balancer(environment: str, delay: float) -> None:
    """Ctrl-C in development is immediate; a given value is kept."""
    assert load_settings(Settings, **(SAFE | {"environment": environment})).drain_delay == delay
    given = load_settings(Settings, **(SAFE | {"environment": environment, "drain_delay": 1.5}))
    assert given.drain_delay == 1.5


def test_production_hides_docs_until_asked() -> None:
    """An API's documents are for its developers."""
    assert not load_settings(Settings, **SAFE).serves_docs
    assert load_settings(Settings, **SAFE, expose_docs=True).serves_docs


def test_all_faults_of_production_come_at_once() -> None:
    """Refused as a whole, with each reason on a line."""
    with pytest.raises(ConfigurationError) as raised:
        load_settings(
            Settings,
            environment="production",
            debug=True,
            cors_origins=["*"],
            cors_credentials=True,
        )
    message = str(raised.value)
    for variable in ("DEBUG", "SECRET_KEY", "DATABASE_URL", "CORS_ORIGINS"):
        assert f"\n  {variable} " in message


def test_a_short_secret_is_refused_without_being_shown() -> None:
    """The message must be fit for a log."""
    with pytest.raises(ConfigurationError, match="SECRET_KEY has 9 characters") as raised:
        load_settings(Settings, **(SAFE | {"secret_key": "correct-h"}))
    assert "correct-h" not in str(raised.value)


def test_production_is_checked_without_the_friendly_door_too() -> None:
    """There is no way around by `Settings()`."""
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        Settings(environment="production")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@localhost/shop",
        "postgres://app:p%40ss@[::1]:5432/shop?ssl=require",
        "postgresql+asyncpg://app:secret@one:5432,two:5433/shop",
        "postgresql:///shop?host=/var/run/postgresql",
    ],
)
def test_addresses_of_postgres_are_taken(url: str) -> None:
    """Sockets, several hosts and the spelling of SQLAlchemy among them."""
    settings = load_settings(Settings, database_url=url)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://app:hunter2@db/shop",
        "hunter2",
        "postgresql://app:hunter2@db:port/shop",
        "postgresql://app:hunter2:x@a:b:c/shop",
    ],
)
def test_other_addresses_are_refused_without_showing_the_password(url: str) -> None:
    """And say how to write them."""
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as raised:
        load_settings(Settings, database_url=url)
    assert "hunter2" not in str(raised.value)
    assert "postgresql://" in str(raised.value)


def test_secrets_are_in_no_representation() -> None:
    """Whoever logs the settings logs no secret."""
    settings = load_settings(Settings, **SAFE)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "hunter2" not in shown
    assert "s" * 32 not in shown


def test_settings_do_not_change_after_start() -> None:
    """What was checked stays true."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings(Settings).__setattr__("port", 1)


def test_every_field_says_what_it_does(folder: Path) -> None:
    """The table of settings is made of these sentences."""
    assert folder.is_dir()
    bare = [name for name, field in Settings.model_fields.items() if not field.description]
    assert bare == []
