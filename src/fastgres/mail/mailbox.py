"""A mail server on this machine that keeps what it is given, for development and tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import SecretStr

from fastgres.errors import ConfigurationError
from fastgres.mail.received import SUFFIX, Received, keep, kept, name_now

if TYPE_CHECKING:
    from pathlib import Path

HOST: Final = "127.0.0.1"
MOST: Final = 500
"""Messages that are kept; of more, the oldest go."""

LARGEST: Final = 25 * 1024 * 1024
TAKEN: Final = "250 OK"


class Mailbox:
    """Receive mail by SMTP on a free port of this machine, and send nothing on.

    With a `folder` the messages outlast it, as one file each that mail programs open. It can be
    told to behave as servers do on bad days: `refuse`, `hold`.

    ```python
    from fastgres.mail import Letter, Mailbox, Mailer

    async with Mailbox() as mailbox:
        mailer = Mailer(settings.model_copy(update={"mail_url": mailbox.secret_url}))
        await mailer.send(Letter("Hello", "Nice to meet you."), to="ada@example.com", key=1)
        assert mailbox.received[0].recipients == ("ada@example.com",)
    ```
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.received: list[Received] = []
        """All messages, oldest first."""
        self.port = 0
        self._refusals: list[str] = []
        self._open = asyncio.Event()
        self._open.set()
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Its address, for `MAIL_URL`."""
        return f"smtp://{HOST}:{self.port}"

    @property
    def secret_url(self) -> SecretStr:
        """Its address as settings hold it."""
        return SecretStr(self.url)

    async def __aenter__(self) -> Self:
        """Read what the folder has, and listen."""
        try:
            from aiosmtpd.smtp import SMTP
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "The mailbox receives with aiosmtpd, which is not installed: "
                "pip install 'fastgres[testing]'."
            ) from error
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.received = kept(self.folder)
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {"hostname": "localhost", "data_size_limit": LARGEST}

        def connected() -> asyncio.Protocol:
            return SMTP(self, enable_SMTPUTF8=True, loop=loop, **options)

        self._server = await loop.create_server(connected, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more; the messages can still be read."""
        self._open.set()
        if self._server is not None:
            self._server.close()

    def refuse(self, *replies: str) -> None:
        """Answer the next recipients so, one reply each, such as `451 4.3.2 Later`."""
        self._refusals.extend(replies)

    def hold(self) -> None:
        """From now on take messages but do not say so, as a server whose reply is lost."""
        self._open.clear()

    def release(self) -> None:
        """Say of the messages held that they were taken, and of those to come at once."""
        self._open.set()

    def clear(self) -> None:
        """Throw all messages away."""
        self.received.clear()
        if self.folder is not None:
            for file in self.folder.glob(f"*{SUFFIX}"):
                file.unlink(missing_ok=True)

    def find(self, name: str) -> Received | None:
        """Return the message with this id."""
        return next((each for each in self.received if each.id == name), None)

    async def wait_for(self, number: int) -> list[Received]:
        """Wait until as many messages are there; the caller gives the deadline."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.received) >= number)
            return self.received[:]

    async def handle_RCPT(  # noqa: N802 - the name and the order are aiosmtpd's
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless told to refuse."""
        if self._refusals:
            return self._refusals.pop(0)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return TAKEN

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name is aiosmtpd's
        """Take a message; when told to hold, leave the sender without an answer."""
        content = bytes(envelope.original_content or envelope.content or b"")
        recipients = tuple(map(str, envelope.rcpt_tos))
        await self._take(Received(name_now(), str(envelope.mail_from), recipients, content))
        await self._open.wait()
        return TAKEN

    async def _take(self, message: Received) -> None:
        if self.folder is not None:
            await asyncio.to_thread(keep, message, self.folder)
        async with self._changed:
            self.received.append(message)
            for old in self.received[:-MOST]:
                self._forget(old)
            self._changed.notify_all()

    def _forget(self, message: Received) -> None:
        self.received.remove(message)
        if self.folder is not None:
            (self.folder / f"{message.id}{SUFFIX}").unlink(missing_ok=True)
