"""The mailbox as a mail server."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

from fastgres.mail import Mailbox
from fastgres.mail import mailbox as module


def hand_in(mailbox: Mailbox, text: str, *to: str) -> None:
    """Hand in a message with the client of the standard library."""
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=30) as client:
        client.sendmail("shop@example.com", to or ("ada@example.com",), text)


async def test_it_takes_what_any_client_hands_in() -> None:
    """Envelope and bytes, several recipients, a line with nothing but a dot."""
    async with Mailbox() as mailbox:
        text = "Subject: One\r\n\r\nfirst\r\n.\r\nlast\r\n"
        await asyncio.to_thread(hand_in, mailbox, text, "ada@example.com", "bob@example.com")
    (message,) = mailbox.received
    assert message.sender == "shop@example.com"
    assert message.recipients == ("ada@example.com", "bob@example.com")
    assert message.content == text.encode()


async def test_a_folder_keeps_them_over_a_restart(tmp_path: Path) -> None:
    """They are looked at after the code that sent them was changed."""
    async with Mailbox(tmp_path / "mail") as before:
        await asyncio.to_thread(hand_in, before, "Subject: One\r\n\r\n1\r\n")
    async with Mailbox(tmp_path / "mail") as after:
        assert after.received == before.received
        assert after.find(after.received[0].id) == after.received[0]
        after.clear()
    assert list((tmp_path / "mail").iterdir()) == []


async def test_a_bad_day_can_be_arranged() -> None:
    """One reply each, then it takes mail again."""
    async with Mailbox() as mailbox:
        mailbox.refuse("451 4.3.2 Later")
        refused = await asyncio.to_thread(hand_in_refused, mailbox)
        await asyncio.to_thread(hand_in, mailbox, "Subject: One\r\n\r\n1\r\n")
    assert refused == 451
    assert len(mailbox.received) == 1


def hand_in_refused(mailbox: Mailbox) -> int:
    """Return the code of the refusal."""
    try:
        hand_in(mailbox, "Subject: One\r\n\r\n1\r\n")
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients["ada@example.com"][0]
    return 250


async def test_an_answer_can_be_held_back() -> None:
    """The message is there, and who sent it does not know."""
    async with Mailbox() as mailbox:
        mailbox.hold()
        text = "Subject: One\r\n\r\n1\r\n"
        sending = asyncio.create_task(asyncio.to_thread(hand_in, mailbox, text))
        await mailbox.wait_for(1)
        assert not sending.done()
        mailbox.release()
        await sending


async def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    """A machine of a developer is no archive."""
    async with Mailbox(tmp_path) as mailbox:
        text = "Subject: One\r\n\r\n1\r\n"
        await asyncio.to_thread(hand_in, mailbox, text)
        first = mailbox.received[0]
        mailbox.received += [first] * (module.MOST - 1)
        await asyncio.to_thread(hand_in, mailbox, text)
        assert len(mailbox.received) == module.MOST
        assert not (tmp_path / f"{first.id}.eml").exists()
