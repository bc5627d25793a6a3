"""Handing letters in at a real mail server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from fastgres.errors import (
    ConfigurationError,
    GiveUpError,
    LetterError,
    MailRefusedError,
    MailUnavailableError,
)
from fastgres.mail import Letter, Mailbox, Mailer, message_id
from fastgres.settings import Settings, load_settings

LETTER = Letter(subject="Your order", text="Thank you.", html="<p>Thank you.</p>")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server of this test."""
    async with Mailbox() as mailbox:
        yield mailbox


def mailer(url: str, *, timeout: float = 10.0) -> Mailer:
    """Return a mailer of the shop."""
    settings = load_settings(Settings, mail_sender="Shop <shop@shop.example>", mail_url=url)
    return Mailer(settings.model_copy(update={"mail_timeout": timeout}))


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[str]:
    """Give the URL of a server that talks like this."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_a_letter_arrives_whole(mailbox: Mailbox) -> None:
    """From whom, to whom, both parts, and with the id that it returns."""
    sent = await mailer(mailbox.url).send(LETTER, to="Ada <ada@example.com>", key="receipt 7")
    (message,) = mailbox.received
    assert (message.sender, message.recipients) == ("shop@shop.example", ("ada@example.com",))
    assert str(message.message["From"]) == "Shop <shop@shop.example>"
    assert str(message.message["To"]) == "Ada <ada@example.com>"
    assert ((message.text or "").strip(), (message.html or "").strip()) == (
        LETTER.text,
        LETTER.html,
    )
    assert sent == message.message_id == message_id("receipt 7", "shop.example")


async def test_an_answer_may_be_asked_for_elsewhere(mailbox: Mailbox) -> None:
    """By Reply-To, under the same rules."""
    await mailer(mailbox.url).send(
        LETTER, to="ada@example.com", key=1, reply_to="help@shop.example"
    )
    assert str(mailbox.received[0].message["Reply-To"]) == "help@shop.example"


async def test_an_address_of_other_letters_is_written_to(mailbox: Mailbox) -> None:
    """Where the server knows SMTPUTF8, as most do."""
    await mailer(mailbox.url).send(LETTER, to="Jürgen <jürgen@bücher.example>", key=1)
    assert mailbox.received[0].recipients == ("jürgen@xn--bcher-kva.example",)


@pytest.mark.parametrize("reply", ["450 4.2.1 Busy", "451 4.3.2 Later", "452 4.2.2 Full"])
async def test_a_temporary_refusal_may_be_tried_again(mailbox: Mailbox, reply: str) -> None:
    """And then the letter is taken, once."""
    mailbox.refuse(reply)
    with pytest.raises(MailUnavailableError, match=reply[:3]):
        await mailer(mailbox.url).send(LETTER, to="ada@example.com", key=1)
    await mailer(mailbox.url).send(LETTER, to="ada@example.com", key=1)
    assert len(mailbox.received) == 1


async def test_a_refusal_for_good_gives_the_job_up(mailbox: Mailbox) -> None:
    """The message says why, without the address of anybody."""
    mailbox.refuse("550 5.1.1 <ada@example.com>: no such user")
    with pytest.raises(MailRefusedError, match=r"550 5\.1\.1") as raised:
        await mailer(mailbox.url).send(LETTER, to="ada@example.com", key=1)
    assert isinstance(raised.value, GiveUpError)
    assert "ada@" not in str(raised.value)


async def test_a_missing_login_is_not_the_letters_fault(mailbox: Mailbox) -> None:
    """Once the settings are right the same letter is taken, so its job must go on."""
    mailbox.refuse("530 5.7.0 Authentication required")
    with pytest.raises(MailUnavailableError, match="530"):
        await mailer(mailbox.url).send(LETTER, to="ada@example.com", key=1)


async def test_a_server_that_is_away_may_be_tried_again(mailbox: Mailbox) -> None:
    """Nobody listens there."""
    await mailbox.__aexit__()
    with pytest.raises(MailUnavailableError):
        await mailer(mailbox.url).send(LETTER, to="ada@example.com", key=1)


async def test_a_server_that_never_answers_is_left_after_the_deadline() -> None:
    """The greeting does not come; the job's worker is not held."""
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    async with serving(silent) as url:
        with pytest.raises(MailUnavailableError):
            await mailer(url, timeout=0.2).send(LETTER, to="ada@example.com", key=1)
        await left.wait()


async def test_a_lost_answer_is_no_success_and_the_copy_has_the_same_id(mailbox: Mailbox) -> None:
    """The server has it, which nobody could know: the second copy is recognised by its id."""
    mailbox.hold()
    with pytest.raises(MailUnavailableError):
        await mailer(mailbox.url, timeout=0.2).send(LETTER, to="ada@example.com", key=1)
    mailbox.release()
    await mailer(mailbox.url).send(LETTER, to="ada@example.com", key=1)
    first, second = await mailbox.wait_for(2)
    assert first.message_id == second.message_id


async def test_trouble_at_the_goodbye_is_no_trouble() -> None:
    """The letter was taken; an error now would send it twice."""

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for answer in (b"250 hello", b"250 sender", b"250 recipient", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await writer.drain()
        writer.transport.abort()

    async with serving(rude) as url:
        assert await mailer(url).send(LETTER, to="ada@example.com", key=1)


async def test_a_server_without_tls_gets_no_letter_where_tls_is_asked_for(
    mailbox: Mailbox,
) -> None:
    """It is not sent in the open instead."""
    with pytest.raises(MailUnavailableError):
        await mailer(f"{mailbox.url}?tls=starttls").send(LETTER, to="ada@example.com", key=1)
    with pytest.raises(MailUnavailableError):
        await mailer(f"{mailbox.url}?tls=implicit").send(LETTER, to="ada@example.com", key=1)
    assert mailbox.received == []


async def test_a_certificate_of_nobody_known_is_refused(tmp_path: Path) -> None:
    """Else anybody on the way could be the mail server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(await self_signed(tmp_path))

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(MailUnavailableError, match=r"certificate|CERTIFICATE"):
        await mailer(f"smtps://127.0.0.1:{port}").send(LETTER, to="ada@example.com", key=1)
    server.close()


async def self_signed(folder: Path) -> Path:
    """Make a certificate and its key in one file."""
    file = folder / "server.pem"
    process = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=127.0.0.1", "-keyout", str(file), "-out", str(folder / "cert.pem")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    file.write_text(file.read_text() + (folder / "cert.pem").read_text())
    return file


async def test_what_cannot_be_sent_reaches_no_server(mailbox: Mailbox) -> None:
    """Header injection by the recipient's address."""
    with pytest.raises(LetterError):
        await mailer(mailbox.url).send(LETTER, to="ada@example.com\nBcc: b@example.com", key=1)
    assert mailbox.received == []


def test_without_an_address_of_a_server_nothing_is_made() -> None:
    """It says which setting is missing; a bad sender is told at the start as well."""
    with pytest.raises(ConfigurationError, match="MAIL_URL is unset"):
        Mailer(load_settings(Settings))
    with pytest.raises(LetterError):
        Mailer(Settings(mail_url=SecretStr("smtp://localhost"), mail_sender="the shop"))
