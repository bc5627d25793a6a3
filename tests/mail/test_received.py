"""Messages as the mailbox has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from pathlib import Path

from fastgres.mail import Letter, Received
from fastgres.mail.message import compose
from fastgres.mail.received import keep, kept, name_now


def received(letter: Letter) -> Received:
    """Give the mailbox a letter, without the way to it."""
    shop, ada = Address("", "shop", "shop.example"), Address("", "ada", "example.com")
    content = compose(letter, sender=shop, to=ada, key=1).as_bytes()
    return Received(name_now(), shop.addr_spec, (ada.addr_spec,), content)


def test_both_parts_can_be_read() -> None:
    """As they were written."""
    message = received(Letter("Grüße", "Thank you: 4 €", "<p>Thank you</p>"))
    assert message.subject == "Grüße"
    assert (message.text or "").strip() == "Thank you: 4 €"
    assert (message.html or "").strip() == "<p>Thank you</p>"


def test_a_message_of_no_known_form_can_be_read() -> None:
    """Whatever a service sends is shown, not an error."""
    message = Received("x", "", (), b"Content-Type: text/plain; charset=klingon\r\n\r\nqapla\xff")
    assert message.subject == message.message_id == ""
    assert message.text == "qapla�"
    assert message.at.year == 1970
    assert Received("x", "", (), b"").text == ""


def test_a_folder_gives_back_what_it_was_given(tmp_path: Path) -> None:
    """The envelope too, and in the order of arrival."""
    messages = [received(Letter("One", "1")), received(Letter("Two", "2"))]
    for message in reversed(messages):
        keep(message, tmp_path)
    assert kept(tmp_path) == messages
    assert [file.suffix for file in tmp_path.iterdir()] == [".eml", ".eml"]


def test_its_time_is_that_of_its_arrival() -> None:
    """Read from its name, so that it outlasts a restart."""
    assert datetime.now(UTC) - received(Letter("One", "1")).at < timedelta(minutes=1)
