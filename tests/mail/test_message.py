"""The message as it goes over the wire."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from fastgres.errors import LetterError
from fastgres.mail import Letter, message_id
from fastgres.mail.message import compose, read_address

SHOP = Address("Shop", "shop", "shop.example")
ADA = Address("", "ada", "example.com")
LETTER = Letter(subject="Your order", text="Thank you.", html="<p>Thank you.</p>")


def composed(letter: Letter = LETTER, *, key: str = "receipt 7") -> EmailMessage:
    """Compose a letter from the shop to Ada."""
    return compose(letter, sender=SHOP, to=ADA, key=key)


def test_both_forms_are_alternatives_of_one_text() -> None:
    """The reader's program shows the last one that it can."""
    message = composed()
    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_the_same_key_has_the_same_message_id() -> None:
    """And another key, or another sender's domain, another."""
    assert (
        composed()["Message-ID"]
        == composed()["Message-ID"]
        == message_id("receipt 7", "shop.example")
    )
    assert composed(key="receipt 8")["Message-ID"] != composed()["Message-ID"]
    assert message_id(7, "a.example") != message_id(7, "b.example")


def test_the_key_cannot_be_read_from_the_message_id() -> None:
    """It may be the number of a job, which tells strangers how much business there is."""
    assert "12345" not in message_id("12345", "shop.example")


def test_it_is_marked_as_written_by_a_program() -> None:
    """So that no holiday reply answers it."""
    assert composed()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "subject", ["Order\r\nBcc: all@example.com", "Order\nX: y", "Order\x00", "Order\u2028X", ""]
)
def test_a_subject_cannot_begin_another_header(subject: str) -> None:
    """Nor be empty."""
    with pytest.raises(LetterError):
        composed(Letter(subject=subject, text="Thank you."))


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com\r\nBcc: all@example.com",
        "Ada\nBcc: all@example.com <ada@example.com>",
        "=?utf-8?q?Ada=0D=0ABcc:_all=40example.com?= <ada@example.com>",
        "ada@example.com, bob@example.com",
        "Friends: ada@example.com, bob@example.com;",
        "ada",
        "@example.com",
        "ada@",
        "ada@example..com",
        "",
    ],
)
def test_what_is_not_one_address_is_refused(text: str) -> None:
    """Without repeating it, for it may be somebody's."""
    with pytest.raises(LetterError) as raised:
        read_address(text)
    assert "all@example.com" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ada@example.com", "", "ada@example.com"),
        ("Ada Lovelace <ada@example.com>", "Ada Lovelace", "ada@example.com"),
        ('"Lovelace, Ada" <ada+shop@example.com>', "Lovelace, Ada", "ada+shop@example.com"),
        ("Jürgen <jürgen@bücher.example>", "Jürgen", "jürgen@xn--bcher-kva.example"),
    ],
)
def test_one_address_is_read(text: str, name: str, address: str) -> None:
    """With or without a name, a domain of other letters in the form that DNS has."""
    read = read_address(text)
    assert (read.display_name, read.addr_spec) == (name, address)


def test_other_letters_survive() -> None:
    """In subject, name and text."""
    letter = Letter(subject="Bücher für Jürgen ✓", text="Größe: 4 €\n" + "x" * 2000)
    message = compose(letter, sender=SHOP, to=Address("Jürgen", "j", "example.com"), key=1)
    wire = message.as_bytes()
    assert max(map(len, wire.split(b"\r\n"))) < 998
    assert message["Subject"] == letter.subject
    assert message.get_content().startswith("Größe: 4 €")
