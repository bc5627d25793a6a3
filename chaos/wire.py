"""PostgreSQL's wire protocol, read as far as it takes to see a COMMIT and its answer.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_ENCRYPTION_REQUESTS: Final = frozenset({80877103, 80877104})
"""Codes of SSLRequest and GSSENCRequest in place of a protocol version."""

_COMMIT: Final = re.compile(rb"\s*(?:commit(?!\s+prepared)|end)\b", re.IGNORECASE)
_ENDS: Final = frozenset({b"COMMIT", b"ROLLBACK"})


@dataclass(frozen=True, slots=True)
class Message:
    """One whole message: its type (empty for those of the start-up), and its bytes on the wire."""

    kind: bytes
    raw: bytes
    commits: bool = False
    asks_encryption: bool = False

    @property
    def body(self) -> bytes:
        """What follows type and length."""
        return self.raw[5:] if self.kind else self.raw[4:]


@dataclass(slots=True)
class Frontend:
    """The messages of one client; bytes that are not yet a whole message are kept.

    Statements and portals are remembered by name while their text is a COMMIT, so that Execute
    is recognised in the extended protocol as Query is in the simple one.
    """

    _rest: bytes = b""
    _started: bool = False
    _statements: set[bytes] = field(default_factory=set)
    _portals: set[bytes] = field(default_factory=set)

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that are whole with these bytes."""
        self._rest += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        head = 1 if self._started else 0
        raw = _cut(self._rest, head)
        if raw is None:
            return None
        self._rest = self._rest[len(raw) :]
        if not self._started:
            code = int.from_bytes(raw[4:8])
            self._started = code not in _ENCRYPTION_REQUESTS
            return Message(b"", raw, asks_encryption=not self._started)
        message = Message(raw[:1], raw)
        return Message(message.kind, raw, commits=self._commits(message))

    def _commits(self, message: Message) -> bool:
        words = message.body.split(b"\0")
        match message.kind:
            case b"Q":
                return is_commit(words[0])
            case b"P":
                _remember(self._statements, words[0], wanted=is_commit(words[1]))
            case b"B":
                _remember(self._portals, words[0], wanted=words[1] in self._statements)
            case b"E":
                return words[0] in self._portals
        return False


@dataclass(slots=True)
class Backend:
    """The messages of a server, from its first answer on."""

    _rest: bytes = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that are whole with these bytes."""
        self._rest += data
        while (raw := _cut(self._rest, 1)) is not None:
            self._rest = self._rest[len(raw) :]
            yield Message(raw[:1], raw)


def is_commit(query: bytes) -> bool:
    """Whether one of the statements of a query ends a transaction for good."""
    return any(_COMMIT.match(statement) for statement in query.split(b";"))


def ends_transaction(message: Message) -> bool:
    """Whether the server says that a transaction was ended: by COMMIT, or by its failure."""
    return message.kind == b"C" and message.body.rstrip(b"\0") in _ENDS


def is_ready(message: Message) -> bool:
    """Whether the server waits for the next query."""
    return message.kind == b"Z"


def _cut(data: bytes, head: int) -> bytes | None:
    """Return the first message, whose length stands behind `head` bytes and counts itself."""
    if len(data) < head + 4:
        return None
    end = head + int.from_bytes(data[head : head + 4])
    return data[:end] if len(data) >= end else None


def _remember(names: set[bytes], name: bytes, *, wanted: bool) -> None:
    if wanted:
        names.add(name)
    else:
        names.discard(name)
