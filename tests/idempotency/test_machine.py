"""Any sequence of requests, against a model of a few lines: a dictionary."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, HTTPException
from sqlalchemy import func, select, text

from fastgres.db import Database
from fastgres.http import SessionDep
from fastgres.idempotency import StepsDep, idempotent
from tests.idempotency.conftest import keyed
from tests.models import Counter

if TYPE_CHECKING:
    import httpx

    from tests.idempotency.conftest import Serve

CALLERS, KEYS = ("ada", "eve"), ("k-1", "k-2", "k-3")
WISHES = ("good", "good", "fine", "refused", "final", "bug")
EXPIRE = text("UPDATE fastgres.idempotency SET expires_at = now() - interval '1 second'")
RESULT = {"good": 201, "fine": 201, "refused": 409, "final": 402, "bug": 500}


async def act(wish: str, session: SessionDep) -> dict[str, Any]:
    """Have an effect, and answer as it is wished."""
    async with session.begin():
        counter = Counter(value=1)
        session.add(counter)
    if wish == "bug":
        raise ValueError("a bug")
    if RESULT[wish] >= 400:
        raise HTTPException(RESULT[wish])
    return {"id": counter.id, "wish": wish}


async def act_in_steps(wish: str, session: SessionDep, steps: StepsDep) -> dict[str, Any]:
    """Do the same after a call to somebody else."""
    await steps.run("call", called)
    return await act(wish, session)


async def called(key: str) -> str:
    """Be somebody else."""
    return key


class Model:
    """What should be there: an answer for each caller and key, and the effects of all answers.

    With steps a key belongs to its request from the first call on: the other side knows it.
    """

    def __init__(self, *, steps: bool) -> None:
        self.steps = steps
        self.begun: dict[tuple[str, str], str] = {}
        self.answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.effects = 0

    def expire(self) -> None:
        """Forget everything but the effects."""
        self.begun.clear()
        self.answers.clear()

    def check(self, place: tuple[str, str], wish: str, reply: httpx.Response) -> None:
        """Compare a reply, and remember what it should have left behind."""
        replayed = reply.headers.get("Idempotent-Replayed") == "true"
        if self.begun.get(place, wish) != wish:
            assert (reply.status_code, replayed) == (422, False)
        elif place in self.answers:
            assert (reply.status_code, reply.content, replayed) == (*self.answers[place], True)
        else:
            assert (reply.status_code, replayed) == (RESULT[wish], False)
            final = RESULT[wish] < 409
            if final:
                self.answers[place] = (reply.status_code, reply.content)
                self.effects += 1
            if final or self.steps:
                self.begun[place] = wish


@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize("seed", range(5))
async def test_every_sequence_does_what_the_model_does(
    seed: int, *, steps: bool, serve: Serve, database: Database
) -> None:
    router = APIRouter()
    once = idempotent(stored=(402,))
    router.post("/", status_code=201, dependencies=[once])(act_in_steps if steps else act)
    client = await serve(router)
    choose, model = random.Random(seed), Model(steps=steps)
    for _ in range(40):
        if choose.random() < 0.05:
            model.expire()
            async with database.session() as session, session.begin():
                await session.execute(EXPIRE)
            continue
        caller, key, wish = choose.choice(CALLERS), choose.choice(KEYS), choose.choice(WISHES)
        headers = keyed(key, Authorization=f"Bearer {caller}")
        reply = await client.post("/", params={"wish": wish}, headers=headers)
        model.check((caller, key), wish, reply)
        async with database.session() as session:
            effects = await session.scalar(select(func.count()).select_from(Counter))
        assert effects == model.effects
