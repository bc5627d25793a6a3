"""What is to run after COMMIT: kept with the transaction, forgotten with its rollback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy import event

from fastgres.db.recording import RecordingSession
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as SyncSession
    from sqlalchemy.orm import SessionTransaction

Hook: TypeAlias = Callable[[], Awaitable[object]]

_HOOKS: Final = "fastgres_hooks"
"""Key in `Session.info`: the hooks that wait, in their order."""

log = get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A hook and the transaction or savepoint whose end it waits for; None once committed."""

    hook: Hook
    within: SessionTransaction | None


def keep_hook(session: SyncSession, hook: Hook) -> None:
    """Keep a hook with the innermost transaction that is open."""
    session.info.setdefault(_HOOKS, []).append(_Waiting(hook, _innermost(session)))


async def run_hooks(session: SyncSession) -> None:
    """Run the hooks of what is committed now; an error in one is logged and changes nothing."""
    for waiting in session.info.pop(_HOOKS, ()):
        try:
            await waiting.hook()
        except Exception:
            name = getattr(waiting.hook, "__qualname__", repr(waiting.hook))
            log.exception("after-commit hook failed", hook=name)


def _innermost(session: SyncSession) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()


def _hand_up(session: SyncSession) -> None:
    """Let the hooks of a released savepoint wait for what is around it."""
    if _HOOKS not in session.info:
        return
    ended = _innermost(session)
    around = None if ended is None else ended.parent
    while around is not None and around.parent is not None and not around.nested:
        around = around.parent
    for waiting in session.info[_HOOKS]:
        if waiting.within is ended:
            waiting.within = around


def _drop(session: SyncSession, transaction: SessionTransaction) -> None:
    """Forget the hooks of what ended without a commit."""
    if _HOOKS in session.info:
        kept = [each for each in session.info[_HOOKS] if each.within is not transaction]
        session.info[_HOOKS] = kept


event.listen(RecordingSession, "after_commit", _hand_up)
event.listen(RecordingSession, "after_transaction_end", _drop)
