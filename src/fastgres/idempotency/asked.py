"""What is asked, by whom, under which key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from fastgres.db import run_inside
from fastgres.errors import KeyReusedError
from fastgres.idempotency import sql
from fastgres.idempotency.answers import replayed

if TYPE_CHECKING:
    from uuid import UUID

    from fastgres.db import Session
    from fastgres.http import WholeResponse


class Taken(NamedTuple):
    """What `sql.TAKE` tells: whether the key is ours now, and the row that is there for it."""

    locked: bool
    state: str | None
    fingerprint: bytes
    status: int
    headers: str
    body: bytes
    id: UUID
    steps: str
    busy: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The place of one request among all that came with a key."""

    caller: str
    key: str
    fingerprint: bytes

    @property
    def place(self) -> dict[str, str]:
        """The primary key of its row."""
        return {"caller": self.caller, "key": self.key}

    @property
    def lock(self) -> int:
        """The number of its advisory lock."""
        named = f"fastgres idempotency\0{self.caller}\0{self.key}".encode()
        return int.from_bytes(hashlib.sha256(named).digest()[:8], signed=True)

    def answer_in(self, row: Any | None) -> WholeResponse | None:
        """Return the answer that a row holds, None when there is none yet.

        Raises KeyReusedError when the row is of another request.
        """
        if row is None or row.state is None:
            return None
        self.refuse_other(row)
        if row.state != "finished":
            return None
        return replayed(row.status, json.loads(row.headers), row.body)

    def refuse_other(self, row: Any) -> None:
        """Raise KeyReusedError when the row is of another request."""
        if row.fingerprint != self.fingerprint:
            raise KeyReusedError(
                "This Idempotency-Key was used for a request with another method, path or "
                "content. Make a new key for each thing that should happen once."
            )


async def take(session: Session, asked: Asked) -> Taken:
    """Take the key for this transaction without waiting, and read what is stored for it."""
    rows = await run_inside(session, sql.TAKE, (asked.lock, asked.caller, asked.key))
    return Taken._make(rows[0])
