"""The mail server of the suite: takes every letter, and knows which order it is the receipt of."""

from __future__ import annotations

import re
from collections import Counter
from email import message_from_bytes
from email.message import Message
from types import TracebackType
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from chaos.program import free_port

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Letters:
    """A real SMTP server on a port of its own, which counts what it accepts."""

    def __init__(self) -> None:
        self.orders: Counter[str] = Counter()
        """How many letters name an order, by its id."""
        self.ids: Counter[str] = Counter()
        """How many letters have a Message-ID."""
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    @property
    def url(self) -> str:
        """Where the service hands its letters in."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def copies(self) -> int:
        """How many letters came again under the Message-ID of one before."""
        return sum(self.ids.values()) - len(self.ids)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept a letter."""
        content = envelope.content or b""
        letter = message_from_bytes(content if isinstance(content, bytes) else content.encode())
        self.ids[str(letter["Message-ID"])] += 1
        self.orders.update(set(_UUID.findall(_text_of(letter))))
        return "250 OK"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()


def _text_of(letter: Message) -> str:
    """Return headers and text of all parts, decoded."""
    texts = [str(value) for value in letter.values()]
    for part in letter.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            texts.append(payload.decode("utf-8", errors="replace"))
    return "\n".join(texts).lower()
