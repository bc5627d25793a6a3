"""The settings of the shop and the file that shows them."""

import re

import pytest

from fastgres.errors import ConfigurationError
from fastgres.settings import Project, load_settings
from shop.core.config import Settings


def test_the_example_lists_every_setting_and_no_other(project: Project) -> None:
    """A setting that is added or renamed shows up in `.env.example`, or this fails."""
    example = (project.root / ".env.example").read_text()
    listed = re.findall(r"^# ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)

    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)


def test_production_needs_a_mail_server_and_a_payment_provider() -> None:
    """Buyers are promised a receipt, and cards are not sent in the open."""
    safe = {
        "environment": "production",
        "secret_key": "s" * 32,
        "database_url": "postgresql://shop@db/shop",
    }
    with pytest.raises(ConfigurationError) as refused:
        load_settings(Settings, **safe)
    for variable in ("PAYMENT_URL", "MAIL_URL"):
        assert f"\n  {variable} " in str(refused.value)
    settings = load_settings(
        Settings,
        **safe,
        mail_url="smtp://mail.example.com",
        mail_sender="Shop <shop@example.com>",
        payment_url="https://payments.example.com",
    )
    assert settings.is_production


@pytest.mark.parametrize(
    "url", ["payments.example.com", "https://key:secret@pay.example", "ftp://x"]
)
def test_a_provider_is_named_by_its_origin(url: str) -> None:
    """A password does not belong into an address that is shown."""
    with pytest.raises(ConfigurationError, match="PAYMENT_URL"):
        load_settings(Settings, payment_url=url)
