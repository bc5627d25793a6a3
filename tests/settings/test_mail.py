"""Addresses of mail servers, and the way to them that each chooses."""

from __future__ import annotations

import pytest

from fastgres.errors import ConfigurationError
from fastgres.settings import MailServer, Settings, load_settings

SAFE = {
    "environment": "production",
    "secret_key": "s" * 32,
    "database_url": "postgresql://app@db/shop",
}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, "starttls")),
        ("smtp://mail.example:2525", ("mail.example", 2525, "starttls")),
        ("smtp://mail.example?tls=implicit", ("mail.example", 465, "implicit")),
        ("smtps://mail.example", ("mail.example", 465, "implicit")),
        ("smtp://mail.example?tls=insecure", ("mail.example", 25, "none")),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "none")),
        ("smtp://[::1]", ("::1", 25, "none")),
        ("smtp://localhost?tls=starttls", ("localhost", 587, "starttls")),
    ],
)
def test_only_this_machine_is_spoken_to_in_the_open(
    url: str, expected: tuple[str, int, str]
) -> None:
    """Anywhere else that takes a word that says so."""
    server = MailServer.read(url)
    assert (server.host, server.port, server.protection) == expected


def test_user_and_password_are_percent_decoded_and_the_password_is_not_shown() -> None:
    """Passwords of mail servers are full of @ and /."""
    server = MailServer.read("smtp://shop%40example.com:p%40ss%2Fword@mail.example")
    assert (server.username, server.password) == ("shop@example.com", "p@ss/word")
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://shop:hunter2@mail.example",
        "smtp://shop:hunter2@mail.example:port",
        "smtp://shop:hunter2@",
        "smtp://:hunter2@mail.example",
        "smtp://shop:hunt/hunter2@mail.example",
        "smtp://shop:hunter2@mail.example?tls=maybe",
        "smtp://shop:hunter2@mail.example?tsl=starttls",
        "smtps://shop:hunter2@mail.example?tls=insecure",
        "smtp://shop:hunter2@mail.example?tls=insecure",
    ],
)
def test_others_are_refused_without_showing_the_password(url: str) -> None:
    """A password that everybody on the way could read among them."""
    with pytest.raises(ConfigurationError, match="MAIL_URL") as raised:
        load_settings(Settings, mail_url=url)
    assert "hunter2" not in str(raised.value)


def test_production_refuses_a_sender_of_no_domain() -> None:
    """Its mail would be refused by everybody, one job after the other."""
    with pytest.raises(ConfigurationError, match="MAIL_SENDER"):
        load_settings(Settings, **SAFE, mail_url="smtp://mail.example")
    sender = "Shop <shop@example.com>"
    settings = load_settings(Settings, **SAFE, mail_url="smtp://mail.example", mail_sender=sender)
    assert settings.mail_sender == sender
    assert load_settings(Settings, **SAFE).mail_url is None
