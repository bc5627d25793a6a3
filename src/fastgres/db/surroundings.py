"""What an application does around its statements, by SQLAlchemy's own means.

A statement that was compiled once and is run on the driver knows nothing of a map of schemas, nor
of criteria that a session adds. Who runs one asks here whether there is anything of the kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from fastgres.db.recording import SAMPLE, RecordingSession
from fastgres.db.session import Session
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session as SyncSession

Listener = TypeVar("Listener", bound="Callable[..., object]")

_WATCHES: Final = "fastgres_only_watches"
_OURS: Final = len(SAMPLE.dispatch.do_orm_execute)
_FLUSHES: Final = {
    "before_flush": 0,
    "after_flush": 1,
    "after_flush_postexec": 0,
    "before_attach": 0,
    "after_attach": 0,
    "transient_to_pending": 0,
    "pending_to_persistent": 0,
}
_TRANSACTIONS: Final = {
    "before_commit": 0,
    "after_commit": 1,
    "after_transaction_create": 0,
    "after_transaction_end": 2,
}
"""The events of a session, each with how many listeners are ours."""


def runs_as_compiled(source: AsyncSession | AsyncConnection | AsyncEngine) -> bool:
    """Tell whether the ORM would send a statement as it was compiled, and to the same engine.

    Not so with a `schema_translate_map`, with listeners for `do_orm_execute`, which may add
    criteria such as the tenant's (see `only_watches`), and where classes have engines of their
    own (`binds`). On an engine the listeners of our own session class count, with which entities
    are read on it.

    ```python
    from fastgres.db import runs_as_compiled

    tenant = database.engine.execution_options(schema_translate_map={None: "tenant_7"})
    assert runs_as_compiled(database.engine) and not runs_as_compiled(tenant)
    ```
    """
    if isinstance(source, Session) and not source.is_made:
        return _adds_nothing(SAMPLE, known=_OURS) and _keeps_schemas(source.target)
    if isinstance(source, AsyncSession):
        return _session_adds_nothing(source) and _keeps_schemas(source.bind)
    if not isinstance(source, (AsyncEngine, AsyncConnection)):
        raise ConfigurationError(
            f"A read was asked of {source!r}, which is no AsyncSession, AsyncConnection or "
            "AsyncEngine. fastgres reads asynchronously: make the engine by create_async_engine."
        )
    return _keeps_schemas(source) and _adds_nothing(SAMPLE, known=_OURS)


def flushes_as_given(session: Session) -> bool:
    """Tell whether a new entity would be written by this session as it is.

    Not so with listeners for flushes or for what becomes of entities, which may change them or
    write more; those marked by `only_watches` do not count.

    ```python
    from fastgres.db import flushes_as_given
    from sqlalchemy import event

    def audit(*_: object) -> None: ...

    assert flushes_as_given(session)
    event.listen(session.sync_session, "before_flush", audit)
    assert not flushes_as_given(session)
    ```
    """
    return not _is_heard(session, _FLUSHES)


def awaits_commit(session: Session) -> bool:
    """Tell whether somebody listens for the transactions of the session."""
    return _is_heard(session, _TRANSACTIONS)


def _is_heard(session: Session, events: Mapping[str, int]) -> bool:
    heard: Any = (session.sync_session if session.is_made else SAMPLE).dispatch
    for name, ours in events.items():
        listeners = getattr(heard, name)
        if listeners and len(listeners) > ours:
            others = [each for each in listeners if not getattr(each, _WATCHES, False)]
            if len(others) > ours:
                return True
    return False


def only_watches(listener: Listener) -> Listener:
    """Say of a listener for `do_orm_execute` that it changes no statement.

    Reads are then compiled in spite of it, and it does not hear of them; nor do listeners for
    flushes and transactions hear of a `Repository.create`.

    ```python
    from fastgres.db import only_watches
    from sqlalchemy import event
    from sqlalchemy.orm import ORMExecuteState, Session

    @only_watches
    def note(state: ORMExecuteState) -> None:
        print(state.statement)

    event.listen(Session, "do_orm_execute", note)
    event.remove(Session, "do_orm_execute", note)
    ```
    """
    setattr(listener, _WATCHES, True)
    return listener


def _session_adds_nothing(session: AsyncSession) -> bool:
    sync = session.sync_session
    known = _OURS if isinstance(sync, RecordingSession) else 0
    mapped = getattr(session, "binds", None)
    options: Any = getattr(sync, "execution_options", None) or {}
    plain = not mapped and not options.get("schema_translate_map")
    return plain and _adds_nothing(sync, known=known)


def _adds_nothing(session: SyncSession, *, known: int) -> bool:
    listeners = session.dispatch.do_orm_execute
    if len(listeners) == known:
        return True
    return len([each for each in listeners if not getattr(each, _WATCHES, False)]) <= known


def _keeps_schemas(bind: Any) -> bool:
    half = bind.sync_engine if isinstance(bind, AsyncEngine) else bind.sync_connection
    return half is None or not half.get_execution_options().get("schema_translate_map")
