"""Handing letters in: one connection each, protected, and never for longer than agreed."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import ssl
import time
from functools import cache
from typing import TYPE_CHECKING, Final

from fastgres.errors import ConfigurationError, MailUnavailableError
from fastgres.mail.faults import fault_of
from fastgres.mail.message import compose, read_address
from fastgres.observability import get_logger
from fastgres.settings import MailServer

if TYPE_CHECKING:
    from email.headerregistry import Address
    from email.message import EmailMessage
    from uuid import UUID

    from aiosmtplib import SMTP

    from fastgres.mail.letter import Letter
    from fastgres.settings import Settings

log = get_logger(__name__)

FAREWELL: Final = 1.0
"""Seconds for the QUIT after a letter was taken: what happens to it then is nobody's concern."""


class Mailer:
    """Hand letters in at the mail server of the settings: `MAIL_URL`, `MAIL_SENDER`.

    Send from a job, never while a transaction is open: the job is enqueued with the effect it
    tells of, and is tried again while the server is away.

    ```python
    from fastgres.mail import Letter, Mailbox, Mailer

    async with Mailbox() as mailbox:
        mailer = Mailer(settings.model_copy(update={"mail_url": mailbox.secret_url}))
        letter = Letter(subject="Your order", text="Thank you.")
        await mailer.send(letter, to="ada@example.com", key="receipt of order 7")

    assert [each.subject for each in mailbox.received] == ["Your order"]
    ```
    """

    def __init__(self, settings: Settings) -> None:
        if settings.mail_url is None:
            raise ConfigurationError(
                "MAIL_URL is unset, so that no letter can be sent. Set it to "
                "smtp://user:password@host:587; `fastgres dev` has a mailbox of its own."
            )
        self.server = MailServer.read(settings.mail_url.get_secret_value())
        self.sender: Address = read_address(settings.mail_sender)
        self.timeout = settings.mail_timeout

    async def send(
        self, letter: Letter, *, to: str, key: str | int | UUID, reply_to: str | None = None
    ) -> str:
        """Hand in a letter to one recipient; return its Message-ID once the server has taken it.

        `key` says which letter it is, such as `f"receipt {order.id}"`: a second copy, sent because
        nobody knows whether the first one was taken, has the same Message-ID. Several recipients
        get a letter each, with a key each.

        Raises:
            LetterError: the address or the subject cannot be sent.
            MailRefusedError: the server refuses the letter for good; in a job, no further try.
            MailUnavailableError: it is away, too slow, or asks to wait; try again.
        """
        message = compose(
            letter,
            sender=self.sender,
            to=read_address(to),
            key=key,
            reply_to=None if reply_to is None else read_address(reply_to),
        )
        began = time.perf_counter()
        await self._deliver(message)
        identity = str(message["Message-ID"])
        log.info("mail sent", id=identity, ms=round((time.perf_counter() - began) * 1000))
        return identity

    async def _deliver(self, message: EmailMessage) -> None:
        from aiosmtplib import SMTPException

        connection = self._connection()
        try:
            async with asyncio.timeout(self.timeout):
                await connection.connect()
                await connection.send_message(message)
            await _part(connection)
        except SMTPException as error:
            raise fault_of(error) from error
        except OSError as error:  # a TimeoutError is one too
            raise MailUnavailableError(
                f"The mail server at {self.server.host}:{self.server.port} was not reached, or "
                f"did not take the letter within {self.timeout:g} seconds "
                f"({type(error).__name__})."
            ) from error
        finally:
            connection.close()

    def _connection(self) -> SMTP:
        try:
            from aiosmtplib import SMTP
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "Mail is sent with aiosmtplib, which is not installed: pip install 'fastgres[mail]'"
            ) from error
        server = self.server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=platform.node() or "localhost",
            timeout=self.timeout,
            use_tls=server.protection == "implicit",
            start_tls=server.protection == "starttls",
            tls_context=None if server.protection == "none" else _checking_certificates(),
        )


@cache
def _checking_certificates() -> ssl.SSLContext:
    """Read the certificates of the machine once; it takes longer than to write a letter."""
    return ssl.create_default_context()


async def _part(connection: SMTP) -> None:
    """Say goodbye; what is answered changes nothing about the letter."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(FAREWELL):
            await connection.quit()
