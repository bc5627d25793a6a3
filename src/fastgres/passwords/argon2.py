"""Argon2id in one thread: what is hashed, and which stored hashes are worked through."""

from __future__ import annotations

import unicodedata
from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Final

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from fastgres.observability import get_logger

if TYPE_CHECKING:
    from argon2 import Parameters

log = get_logger(__name__)

LARGEST: Final = 1024
"""Bytes that a password may have: all of them count, so somebody has to end somewhere."""

_DEAREST: Final = 4
"""How many times our own cost a stored hash may ask for, in memory and in rounds."""

_LANES: Final = 4
"""Lanes that a stored hash may ask for, as other libraries write by default."""


class Argon2:
    """Hash and verify with these costs; blocks for some ten milliseconds.

    `memory` in KiB. A stored hash names its own costs: those that ask for more than ours are
    worked through one at a time, and not at all for far more, so that nobody who can write a hash
    can take all memory with it.
    """

    def __init__(self, *, memory: int, rounds: int) -> None:
        self._memory = memory
        self._rounds = rounds
        hasher = Argon2Hasher(time_cost=rounds, memory_cost=memory, parallelism=1)
        self._hashes = PasswordHash([hasher])
        self._turn = Lock()

    def hash(self, password: str) -> str:
        """Return the hash to store, with its salt and costs in it."""
        return self._hashes.hash(in_bytes(password))

    def verify(self, password: str, stored: str) -> tuple[bool, str | None]:
        """Tell whether it is the password, and return a better hash if there is one."""
        try:
            asked = extract_parameters(stored)
            if not self._is_bearable(asked):
                return False, None
            with self._turn if asked.memory_cost > self._memory else nullcontext():
                return self._hashes.verify_and_update(in_bytes(password), stored)
        except (InvalidHashError, UnknownHashError):
            log.warning("password hash unknown", why="it was not written by Argon2")
            return False, None

    def _is_bearable(self, asked: Parameters) -> bool:
        bearable = (
            asked.memory_cost <= self._memory * _DEAREST
            and asked.time_cost <= self._rounds * _DEAREST
            and asked.parallelism <= _LANES
        )
        if not bearable:
            costs = f"m={asked.memory_cost},t={asked.time_cost},p={asked.parallelism}"
            log.warning("password hash too dear", asked=costs)
        return bearable


def in_bytes(password: str) -> bytes:
    """Return what is hashed: the same bytes from every keyboard (NIST SP 800-63B, 3.1.1.2).

    Raises `UnicodeEncodeError` for half a surrogate pair, which is no text.
    """
    return unicodedata.normalize("NFKC", password).encode()
