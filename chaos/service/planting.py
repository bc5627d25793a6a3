"""Bugs on purpose, one for each invariant: the suite has to catch every one of them.

They are planted in the process that asks for one, never in the sources. Each is what somebody
might write, or have left out.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import text

_LATE: Final = 0.02
"""Seconds between the reply and the commit of the bug that has them in this order."""


def plant(name: str) -> None:
    """Plant the bug of this name; none when it is empty."""
    if name and name != "no-deadlines":  # that one is in the settings
        BUGS[name]()


def reply_before_commit() -> None:
    """Send the response, then commit: what FastAPI does with a dependency that yields."""
    from fastgres.idempotency.claim import Claim

    async def keep(self: Any, response: Any) -> Any:
        unit = self._exchange.unit
        session = unit.session
        await self._store(session, response)
        unit._session = None  # noqa: SLF001 - nobody else closes it from here on

        async def commit() -> None:
            await asyncio.sleep(_LATE)
            await self._leave(None)
            await session.close()

        _keep(asyncio.get_running_loop().create_task(commit()))
        return response

    _replace(Claim, "keep", keep)


def key_ignored() -> None:
    """Take no notice of the key."""
    from fastgres.idempotency.once import Once

    async def unclaimed(*_: Any, **__: Any) -> None:
        return None

    _replace(Once, "__call__", unclaimed)


def key_beside() -> None:
    """Store the answer in a transaction of its own, after that of the effect."""
    from fastgres.idempotency.claim import Claim

    async def keep(self: Any, response: Any) -> Any:
        await self._leave(None)
        database = self._exchange.policy.lifecycle.opened_database
        async with database.session() as session, session.begin():
            await self._store(session, response)
        return response

    _replace(Claim, "keep", keep)


def no_key_lock() -> None:
    """Let twins run side by side, and the last one's answer win."""
    from fastgres.idempotency import sql

    lock, free = "pg_try_advisory_xact_lock($1)", "(CAST($1 AS bigint) = 0) IS NOT NULL"
    for name, old, new in (("TAKE", lock, free), ("STORE", "WHERE i.expires_at <= now()", "")):
        _replace(sql, name, _rewritten(getattr(sql, name), old, new))


def no_stock_lock() -> None:
    """Read the stock without FOR UPDATE, and write back what was read."""
    from shop.repositories.product import ProductRepository

    async def unlocked(self: Any, keys: Any, **values: Any) -> Any:
        return await self.get_many(keys, **values)

    _replace(ProductRepository, "get_many_for_update", unlocked)


def errors_unnamed() -> None:
    """Answer 500 for everything that goes wrong, also where the database is merely away."""
    from fastgres.errors import UnavailableError

    for kind in (UnavailableError, *_all_below(UnavailableError)):
        _replace(kind, "status", 500)


def no_drain() -> None:
    """Leave at the first signal, whatever is being answered."""
    import uvicorn

    def leave(*_: Any) -> None:
        os._exit(1)

    _replace(uvicorn.Server, "handle_exit", leave)


def no_fence() -> None:
    """End an attempt by the id of its job alone, and go on when the lease has ended."""
    from fastgres.jobs import running, sql
    from fastgres.jobs.outcome import Ending
    from fastgres.jobs.slots import Slot

    by_id = text("DELETE FROM fastgres.jobs WHERE id = :id RETURNING id")
    _replace(running, "_COMPLETE", by_id)
    unfenced = "job.id = given.id AND given.attempt > 0 AND $1::uuid IS NOT NULL"
    for name in ("ACKNOWLEDGE", "PUT_BACK", "BURY"):
        _replace(sql, name, _rewritten(getattr(sql, name), sql._FENCE, unfenced))  # noqa: SLF001 - the fence itself
    cancel = Slot.cancel

    def cancel_others(self: Slot, ending: Ending) -> None:
        if ending is not Ending.LOST:
            cancel(self, ending)

    _replace(Slot, "cancel", cancel_others)


def effect_outside() -> None:
    """Commit the effect, and end the job afterwards."""
    from fastgres.jobs import RunningJob

    async def complete(_self: Any, _session: Any) -> None:
        return None

    _replace(RunningJob, "complete", complete)


def no_rescue() -> None:
    """Leave the jobs of a dead worker to themselves."""
    from fastgres.jobs.queue import Queue

    async def rescue(_self: Any) -> list[Any]:
        return []

    _replace(Queue, "rescue", rescue)


def uncounted_attempts() -> None:
    """Count an attempt when it fails, not when it is claimed: who kills his worker never does."""
    from fastgres.jobs import sql

    dead = "WHERE job.id = expired.id AND job.attempt >= job.max_attempts"
    _replace(sql, "RESCUE", _rewritten(sql.RESCUE, dead, "WHERE false"))
    _replace(sql, "RESCUE", _rewritten(sql.RESCUE, "AND job.attempt < job.max_attempts", ""))


def clock_of_worker() -> None:
    """Ask the worker's clock what is due; this one is an hour ahead."""
    from fastgres.jobs import sql

    for name in ("CLAIM", "CLAIM_LANES"):
        _replace(
            sql,
            name,
            _rewritten(
                getattr(sql, name), "run_at <= now()", "run_at <= now() + interval '1 hour'"
            ),
        )


def charged_anew() -> None:
    """Ask the provider with another key in each attempt."""
    from uuid import uuid4

    from fastgres.idempotency.stepped import SteppedClaim

    bounded = SteppedClaim._bounded  # noqa: SLF001 - where the key of a step is made

    async def with_any_key(self: Any, name: str, call: Callable[[str], Any]) -> Any:
        return await bounded(self, name, lambda _: call(f"{uuid4()}"))

    _replace(SteppedClaim, "_bounded", with_any_key)


def paid_too_soon() -> None:
    """Say that the order is paid, then commit it."""
    from fastgres.idempotency.stepped import SteppedClaim

    async def keep(self: Any, response: Any) -> Any:
        unit = self._exchange.unit
        session = unit.session
        if not self._rules.stores(response.status):
            await self._let_go()
            return response
        await self._progress.finish(session, response)
        unit._session = None  # noqa: SLF001 - nobody else closes it from here on

        async def commit() -> None:
            await asyncio.sleep(_LATE)
            await self._leave(None)
            await session.close()

        _keep(asyncio.get_running_loop().create_task(commit()))
        return response

    _replace(SteppedClaim, "keep", keep)


def nobody_finishes() -> None:
    """Leave a payment whose client never comes back as it is."""
    from shop.jobs import payments

    async def nothing(_app: Any) -> int:
        return 0

    _replace(payments, "finish_abandoned", nothing)


def never_sent_again() -> None:
    """Trust the broker with what it was handed."""
    from fastgres.jobs import Relay

    async def nothing(_self: Any) -> int:
        return 0

    _replace(Relay, "reconcile", nothing)


def done_at_broker_only() -> None:
    """Let the broker alone know that a job is done: its message is gone, and its row stays."""
    from fastgres.jobs.relaying import delivered

    async def complete(_self: Any, _session: Any) -> None:
        return None

    async def acknowledge(_self: Any, outcomes: Any) -> set[int]:
        return {outcome.job.id for outcome in outcomes}

    _replace(delivered.DeliveredJob, "complete", complete)
    _replace(delivered.DeliveryQueue, "acknowledge", acknowledge)


BUGS: Final[dict[str, Callable[[], None]]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        reply_before_commit,
        key_ignored,
        key_beside,
        no_key_lock,
        no_stock_lock,
        errors_unnamed,
        no_drain,
        no_fence,
        effect_outside,
        no_rescue,
        uncounted_attempts,
        clock_of_worker,
        charged_anew,
        paid_too_soon,
        nobody_finishes,
        never_sent_again,
        done_at_broker_only,
    )
}

_running: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    _running.add(task)
    task.add_done_callback(_running.discard)


def _replace(owner: Any, name: str, value: Any) -> None:
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name!r} any more: the planted bug has to follow.")
    setattr(owner, name, value)


def _rewritten(statement: str, old: str, new: str) -> str:
    if old not in statement:
        raise AttributeError(f"No {old!r} in {statement!r}: the planted bug has to follow.")
    return statement.replace(old, new)


def _all_below(kind: type[Any]) -> list[type[Any]]:
    return [each for below in kind.__subclasses__() for each in (below, *_all_below(below))]
