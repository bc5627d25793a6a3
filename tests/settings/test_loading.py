"""Bad values become one readable error without secrets."""

from __future__ import annotations

import pytest
from pydantic import Field, SecretStr

from fastgres.errors import ConfigurationError
from fastgres.settings import Settings, load_settings


class PaidSettings(Settings):
    """A service with required settings and a secret of its own."""

    payment_url: str
    payment_key: SecretStr
    partner_password: int = 1
    weights: dict[str, int] = Field(default_factory=dict)


GOOD = {"payment_url": "https://p.example", "payment_key": "k"}


def test_a_bad_value_names_variable_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that is needed to correct it, and no traceback of pydantic."""
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("LOG_LEVEL", "chatty")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(Settings)
    message = str(raised.value)
    assert "PORT = 'http': should be a valid integer" in message
    assert "LOG_LEVEL = 'CHATTY': should be 'DEBUG', 'INFO'" in message
    assert "pydantic" not in message


def test_a_missing_value_is_named() -> None:
    """A required setting of a service."""
    with pytest.raises(ConfigurationError, match="PAYMENT_URL is not set"):
        load_settings(PaidSettings, payment_key="k")


def test_bad_values_and_unsafe_ones_come_in_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first deployment is corrected once, not five times."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(PaidSettings)
    message = str(raised.value)
    for variable in ("PORT", "PAYMENT_URL", "PAYMENT_KEY", "SECRET_KEY", "DATABASE_URL"):
        assert f"\n  {variable} " in message
    assert "DRAIN_DELAY" not in message


def test_a_variable_has_one_fault_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad address is not also an unset one."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(Settings)
    assert str(raised.value).count("DATABASE_URL") == 1
    assert "must start with" in str(raised.value)


@pytest.mark.parametrize("name", ["payment_key", "partner_password"])
def test_a_bad_secret_is_not_repeated(name: str) -> None:
    """Neither by its type nor by its name, nor in the chain of errors."""
    with pytest.raises(ConfigurationError, match=name.upper()) as raised:
        load_settings(PaidSettings, **(GOOD | {name: ["hunter2"]}))
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_password_inside_a_plain_value_is_masked() -> None:
    """Somebody pastes an address into the wrong variable."""
    with pytest.raises(ConfigurationError, match="PORT") as raised:
        load_settings(Settings, port="redis://app:hunter2@cache")
    assert "hunter2" not in str(raised.value)


def test_a_value_that_must_be_json_is_a_readable_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mappings have no other form in the environment."""
    monkeypatch.setenv("WEIGHTS", "{heavy")
    with pytest.raises(ConfigurationError, match=r'"weights".*write it as JSON'):
        load_settings(PaidSettings, **GOOD)
