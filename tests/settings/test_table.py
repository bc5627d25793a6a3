"""The table of settings, and the reference page made from it."""

from __future__ import annotations

from pathlib import Path

from fastgres.settings import Settings, describe_settings, settings_table

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


class ShopSettings(Settings):
    """A service's own settings."""

    payment_url: str


def test_each_field_has_a_row_in_order() -> None:
    """Those of the service included."""
    assert [row.name for row in describe_settings(ShopSettings)] == list(ShopSettings.model_fields)


def test_rows_say_type_default_and_secrecy() -> None:
    """As one would write them in the environment."""
    rows = {row.variable: row for row in describe_settings(ShopSettings)}
    assert (rows["DEBUG"].type, rows["DEBUG"].default) == ("true or false", "false")
    assert rows["DATABASE_URL"].type == "secret"
    assert rows["SECRET_KEY"].default == "development only"
    assert (rows["PAYMENT_URL"].required, rows["PORT"].required) == (True, False)


def test_the_reference_page_is_what_the_table_says() -> None:
    """`make docs` writes it anew."""
    assert settings_table(Settings) in PAGE.read_text(encoding="utf-8")
