"""Hashing and verifying, also when many want it at once."""

from __future__ import annotations

import asyncio
import resource
import threading
from collections.abc import Iterator
from time import sleep

import argon2
import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from fastgres.errors import OverloadedError
from fastgres.passwords import PasswordHasher
from fastgres.passwords.hasher import WAITING
from fastgres.settings import Settings


@pytest.fixture
def hasher(settings: Settings) -> Iterator[PasswordHasher]:
    with PasswordHasher(settings) as made:
        yield made


def with_budget(settings: Settings, mebibytes: int) -> PasswordHasher:
    return PasswordHasher(settings.model_copy(update={"password_memory_budget": mebibytes}))


async def test_a_password_matches_its_hash_and_no_other(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse")
    assert (await hasher.verify("correct horse", stored)).matches
    assert not (await hasher.verify("correct horse ", stored)).matches
    assert not (await hasher.verify("", stored)).matches


async def test_each_hash_has_a_salt_of_its_own(hasher: PasswordHasher) -> None:
    assert await hasher.hash("correct horse") != await hasher.hash("correct horse")


async def test_a_hash_is_argon2id_with_the_costs_of_the_settings(hasher: PasswordHasher) -> None:
    assert (await hasher.hash("correct horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_the_same_text_in_other_bytes_is_the_same_password(hasher: PasswordHasher) -> None:
    """A keyboard writes é as one character, another as two."""
    stored = await hasher.hash("caf\u00e9 noir ")
    assert (await hasher.verify("cafe\u0301 noir ", stored)).matches


async def test_every_byte_of_a_long_password_counts(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("x" * 1023 + "a")
    assert not (await hasher.verify("x" * 1023 + "b", stored)).matches


async def test_nul_is_a_character_like_others(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct\0horse")
    assert not (await hasher.verify("correct", stored)).matches
    assert not (await hasher.verify("correct\0mouse", stored)).matches


@pytest.mark.parametrize("password", ["x" * 1025, "ä" * 513, "x" * 10_000_000, "half \ud800 pair"])
async def test_what_was_never_a_password_matches_nothing(
    hasher: PasswordHasher, password: str
) -> None:
    stored = await hasher.hash("correct horse")
    assert not (await hasher.verify(password, stored)).matches


async def test_nobody_has_no_password(hasher: PasswordHasher) -> None:
    for password in ("", "the password of nobody", "correct horse"):
        assert not (await hasher.verify(password, None)).matches


async def test_nobodys_password_is_worked_through_like_anybodys(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    verify = argon2.PasswordHasher.verify

    def noted(self: argon2.PasswordHasher, stored: str, password: bytes) -> bool:
        worked.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)
    await hasher.verify("wrong horse", None)
    await hasher.verify("wrong horse", await hasher.hash("correct horse"))
    nobodys, somebodys = (argon2.extract_parameters(each) for each in worked)
    assert nobodys == somebodys


async def test_an_outdated_hash_comes_back_better(settings: Settings) -> None:
    with PasswordHasher(settings) as old:
        stored = await old.hash("correct horse")
    with PasswordHasher(settings.model_copy(update={"password_rounds": 3})) as new:
        verdict = await new.verify("correct horse", stored)
        assert verdict.matches
        assert verdict.better_hash is not None
        assert ",t=3," in verdict.better_hash
        assert (await new.verify("correct horse", verdict.better_hash)) == type(verdict)(True, None)
        assert (await new.verify("wrong horse", stored)).better_hash is None


async def test_hashes_of_other_libraries_are_taken_over(hasher: PasswordHasher) -> None:
    stored = Argon2Hasher().hash("correct horse")
    verdict = await hasher.verify("correct horse", stored)
    assert verdict.matches
    assert verdict.better_hash is not None


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$dGFndGFndGFndGFndGFndGFn",
        "$argon2id$v=19$m=19456,t=100000,p=1$c2FsdHNhbHQ$dGFndGFndGFndGFndGFndGFn",
        "$argon2id$v=19$m=19456,t=2,p=100$c2FsdHNhbHQ$dGFndGFndGFndGFndGFndGFn",
        "$2b$12$bcryptbcryptbcryptbcrypt",
        "plain text",
        "",
    ],
)
async def test_a_hash_that_is_none_or_costs_too_much_matches_nothing(
    hasher: PasswordHasher, stored: str
) -> None:
    """4 GiB of memory are asked for by the first: it would be the end of the process."""
    assert not (await hasher.verify("correct horse", stored)).matches
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2_000_000


def test_there_are_as_many_threads_as_fit_into_the_budget(settings: Settings) -> None:
    with with_budget(settings, 19) as one:
        assert one.threads == 1
    with with_budget(settings, 1_000_000) as many:
        assert 1 <= many.threads <= 1024


class Gate:
    """Work that goes on when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, *_: object) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.set()
        self.open.wait(30)
        with self._lock:
            self.inside -= 1

    async def is_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 30)


async def test_too_many_at_once_are_refused_and_the_others_served(settings: Settings) -> None:
    with with_budget(settings, 19) as hasher:
        tries = [asyncio.create_task(hasher.verify("wrong", None)) for _ in range(WAITING + 20)]
        ended = await asyncio.gather(*tries, return_exceptions=True)
        refused = [each for each in ended if isinstance(each, OverloadedError)]
        assert len(refused) == 19
        assert refused[0].headers == {"Retry-After": "1"}
        assert not (await hasher.verify("wrong", None)).matches


async def test_abandoned_work_keeps_its_place(settings: Settings) -> None:
    """Else clients that hang up would start more hashing than there is memory for."""
    gate = Gate()
    with with_budget(settings, 19) as hasher:
        tasks = [asyncio.create_task(hasher._run(gate)) for _ in range(WAITING + 1)]
        await gate.is_entered()
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        with pytest.raises(OverloadedError):
            await hasher.verify("wrong", None)
        assert gate.most == 1
        gate.open.set()
        await asyncio.gather(*tasks[1:])
        await hasher.verify("wrong", None)


async def test_whoever_left_the_line_makes_room(settings: Settings) -> None:
    gate = Gate()
    with with_budget(settings, 19) as hasher:
        tasks = [asyncio.create_task(hasher._run(gate)) for _ in range(WAITING + 1)]
        await gate.is_entered()
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks[1:], return_exceptions=True)
        waiting = asyncio.create_task(hasher.verify("wrong", None))
        gate.open.set()
        assert not (await waiting).matches


async def test_the_loop_goes_on_meanwhile(hasher: PasswordHasher) -> None:
    gate = Gate()
    running = asyncio.create_task(hasher._run(gate))
    await gate.is_entered()
    await asyncio.gather(*(asyncio.sleep(0) for _ in range(100)))
    assert not running.done()
    gate.open.set()
    await running


async def test_closing_waits_for_nobody(settings: Settings) -> None:
    hasher = with_budget(settings, 19)
    hasher._pool.submit(sleep, 0.2)
    hasher.close()
    with pytest.raises(RuntimeError):
        await hasher.hash("correct horse")
