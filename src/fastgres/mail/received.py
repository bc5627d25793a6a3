"""A message that the mailbox was given, and the folder in which it stays."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

ENVELOPE_FROM: Final = "X-Envelope-From"
ENVELOPE_TO: Final = "X-Envelope-To"
SUFFIX: Final = ".eml"


@dataclass(frozen=True)
class Received:
    r"""One message as a mail server gets it: the envelope, and the bytes below it.

    ```python
    from fastgres.mail import Received

    content = b"Subject: Hello\r\nMessage-ID: <1@shop.example>\r\n\r\nThank you."
    message = Received("1", "shop@example.com", ("ada@example.com",), content)
    assert (message.subject, message.message_id) == ("Hello", "<1@shop.example>")
    assert (message.text, message.html) == ("Thank you.", None)
    ```
    """

    id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return message_from_bytes(self.content, policy=default)

    @property
    def subject(self) -> str:
        """What its subject says; "" without one."""
        return self._header("Subject")

    @property
    def message_id(self) -> str:
        """Its Message-ID; "" without one."""
        return self._header("Message-ID").strip()

    @property
    def at(self) -> datetime:
        """When it was received, in UTC."""
        with contextlib.suppress(ValueError):
            return datetime.strptime(self.id[:15], _TIME).replace(tzinfo=UTC)
        return datetime.fromtimestamp(0, UTC)

    @property
    def text(self) -> str | None:
        """Its plain text."""
        return self._body("plain")

    @property
    def html(self) -> str | None:
        """Its HTML, as it came: to be shown in a sandbox only."""
        return self._body("html")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Its headers in their order."""
        return tuple((name, self._header(name)) for name in self.message)

    @property
    def attachments(self) -> tuple[str, ...]:
        """The names of the files that came with it."""
        return tuple(each.get_filename() or "" for each in self.message.iter_attachments())

    def _header(self, name: str) -> str:
        """Return what a header says; as it came where the standard library stumbles over it."""
        try:
            return str(self.message[name] or "")
        except Exception:  # noqa: BLE001 - its parser has many ways to fail on what strangers write
            return str(next(value for key, value in self.message.raw_items() if key == name))

    def _body(self, kind: str) -> str | None:
        part = self.message.get_body((kind,))
        if part is None:
            return None
        try:
            return str(part.get_content())
        except (LookupError, ValueError):  # a charset that nobody knows
            return bytes(part.get_payload(decode=True) or b"").decode(errors="replace")


_TIME: Final = "%Y%m%dT%H%M%S"


def name_now() -> str:
    """Return how a message that comes now is called; names rise with the time."""
    from uuid_utils import uuid7

    return f"{datetime.now(UTC).strftime(_TIME)}-{uuid7().hex}"


def keep(message: Received, folder: Path) -> None:
    """Write a message to its file, whole or not at all; any mail program opens it."""
    lines = [
        f"{ENVELOPE_FROM}: {message.sender}",
        *(f"{ENVELOPE_TO}: {each}" for each in message.recipients),
    ]
    envelope = "".join(f"{line}\r\n" for line in lines).encode(errors="surrogateescape")
    draft = folder / f"{message.id}.new"
    draft.write_bytes(envelope + message.content)
    draft.rename(folder / f"{message.id}{SUFFIX}")


def kept(folder: Path) -> list[Received]:
    """Return what is in the folder, oldest first."""
    return [_read(file) for file in sorted(folder.glob(f"*{SUFFIX}"))]


def _read(file: Path) -> Received:
    """Take the lines of the envelope off again: they stand before all headers."""
    content = file.read_bytes()
    sender, recipients = "", []
    while (line := content.partition(b"\r\n"))[0].startswith(b"X-Envelope-"):
        name, _, value = line[0].decode(errors="surrogateescape").partition(": ")
        if name == ENVELOPE_FROM:
            sender = value
        else:
            recipients.append(value)
        content = line[2]
    return Received(file.stem, sender, tuple(recipients), content)
