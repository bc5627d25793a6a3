"""Hashing on threads of their own: bounded in number, in memory, and in who waits."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, Self, TypeVar

from fastgres.errors import OverloadedError
from fastgres.passwords.argon2 import LARGEST, Argon2, in_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from fastgres.settings import Settings

Result = TypeVar("Result")

WAITING: Final = 16
"""How many may wait for each thread: about a second, and after that a client has gone."""

_NOBODY: Final = "the password of nobody"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it was the password, and the hash to store instead if the old one is outdated.

    ```python
    from fastgres.passwords import Verdict

    assert not Verdict(matches=False).matches
    ```
    """

    matches: bool
    better_hash: str | None = None


class PasswordHasher:
    """Hash and verify passwords with Argon2id, beside the event loop and within a budget.

    `PASSWORD_MEMORY` MiB and `PASSWORD_ROUNDS` are what one hash costs, `PASSWORD_MEMORY_BUDGET`
    what all at once may; there are as many threads as fit into it, and not more than processors.
    When too many wait, `OverloadedError` (503) is raised at once. Whoever stops waiting leaves the
    thread busy until its hash is done: the budget holds also then.

    ```python
    from fastgres.passwords import PasswordHasher

    with PasswordHasher(settings) as hasher:
        stored = await hasher.hash("correct horse battery staple")
        assert (await hasher.verify("correct horse battery staple", stored)).matches
        assert not (await hasher.verify("incorrect horse", stored)).matches
        assert not (await hasher.verify("whatever", None)).matches
    ```
    """

    def __init__(self, settings: Settings) -> None:
        memory = settings.password_memory
        self.threads = max(1, min(_processors(), settings.password_memory_budget // memory))
        self._argon2 = Argon2(memory=memory * 1024, rounds=settings.password_rounds)
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="passwords")
        self._lock = Lock()
        self._taken = 0
        self._nobodys: str | None = None

    def __enter__(self) -> Self:
        """Return itself, to be closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    async def hash(self, password: str) -> str:
        """Return the hash to store. Passwords above 1,024 bytes are refused by `refuse_weak`."""
        return await self._run(self._argon2.hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Tell whether it is the password of `stored`; None, for an account that is not there.

        Nobody's password is worked through like anybody's, so that the time it takes does not tell
        whether there is an account. A hash with other costs than today's comes back anew in
        `better_hash`, to be stored.
        """
        if _cannot_be(password):
            stored, password = None, ""
        return await self._run(self._judge, password, stored)

    def close(self) -> None:
        """Let threads end after what they do."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _judge(self, password: str, stored: str | None) -> Verdict:
        if stored is None:
            self._argon2.verify(password, self._hash_of_nobody())
            return Verdict(matches=False)
        return Verdict(*self._argon2.verify(password, stored))

    def _hash_of_nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = self._argon2.hash(_NOBODY)
        return self._nobodys

    async def _run(self, work: Callable[..., Result], *given: object) -> Result:
        with self._lock:
            if self._taken >= self.threads * (1 + WAITING):
                raise OverloadedError
            self._taken += 1
        try:
            future = self._pool.submit(work, *given)
        except BaseException:
            self._give_back()
            raise
        future.add_done_callback(self._give_back)
        return await asyncio.wrap_future(future)

    def _give_back(self, _: Future[Result] | None = None) -> None:
        with self._lock:
            self._taken -= 1


def _cannot_be(password: str) -> bool:
    """Tell what was never anybody's password, before any work is done for it."""
    if len(password) > LARGEST:
        return True
    try:
        return len(in_bytes(password)) > LARGEST
    except UnicodeEncodeError:
        return True


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
