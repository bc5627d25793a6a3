"""The mailbox of the development server."""

from __future__ import annotations

import smtplib
import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fastgres.dev import mailbox
from fastgres.dev.mailbox import post_office


def page_of(address: str) -> str:
    """Look at the page."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def hand_in(mail_url: str, subject: str) -> None:
    """Hand in a letter."""
    with smtplib.SMTP("127.0.0.1", urlsplit(mail_url).port or 0, timeout=30) as client:
        client.sendmail("shop@example.com", "ada@example.com", f"Subject: {subject}\r\n\r\nHello")


def test_mail_is_seen_at_once_and_at_the_next_start(tmp_path: Path) -> None:
    """The start after that shows it too, for it is in the folder."""
    with post_office(tmp_path / "mail") as post:
        assert "No mail yet" in page_of(post.page)
        hand_in(post.mail_url, "First")
        assert "First" in page_of(post.page)
    with post_office(tmp_path / "mail") as post:
        assert "First" in page_of(post.page)


def test_nothing_listens_afterwards(tmp_path: Path) -> None:
    """Both ports are free again."""
    with post_office(tmp_path) as post:
        ports = [urlsplit(each).port for each in (post.mail_url, post.page)]
    for port in ports:
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port or 0)) != 0


def test_two_at_once_have_a_page_each(tmp_path: Path) -> None:
    """The second takes a free port; both are of this machine only."""
    with post_office(tmp_path / "one") as one, post_office(tmp_path / "two") as two:
        assert one.page != two.page
        assert one.mail_url != two.mail_url
        assert {urlsplit(each.page).hostname for each in (one, two)} == {mailbox.HOST}


def test_an_error_inside_ends_it(tmp_path: Path) -> None:
    """And is the one that is raised."""
    with pytest.raises(KeyboardInterrupt), post_office(tmp_path):
        raise KeyboardInterrupt
