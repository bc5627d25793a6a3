"""What the provider remembers: every charge, and what it said to every key."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from payments import sql


@dataclass(frozen=True, slots=True)
class Reply:
    """What a key was answered, the first time and each time since."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


class KeyReusedError(Exception):
    """Raised when a key comes with other values than the first time."""


class Store:
    """Keep charges in SQLite; `path` is a file, or ":memory:" to forget them at the end."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = Lock()
        for statement in sql.TABLES:
            self._connection.execute(statement)

    def once(self, key: str, asked: dict[str, Any], decide: Callable[[], Reply]) -> Reply:
        """Decide what a key is answered, and keep it in the same transaction, or say it again.

        Raises `KeyReusedError` when the key was used for something else.
        """
        fingerprint = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        with self._lock, self._connection:
            self._connection.execute(sql.BEGIN)
            found = self._connection.execute(sql.FIND, (key,)).fetchone()
            if found is not None:
                if found[0] != fingerprint:
                    raise KeyReusedError
                return Reply(found[1], json.loads(found[2]), replayed=True)
            reply = decide()
            row = (key, fingerprint, reply.status, json.dumps(reply.body))
            self._connection.execute(sql.KEEP, row)
            return reply

    def replies(self) -> list[dict[str, Any]]:
        """Return the body of every reply, in their order."""
        with self._lock:
            return [json.loads(body) for (body,) in self._connection.execute(sql.ALL)]
