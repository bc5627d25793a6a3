"""What a session has written and not yet committed: remembered as it is flushed and executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from sqlalchemy import TextClause, event
from sqlalchemy.orm import Session as SyncSession

from fastgres.db.deletion import leave_out_deleted
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.orm import ORMExecuteState, SessionTransaction, UOWTransaction

WRITES = "fastgres_writes"
"""Key in `Session.info`: the writes of the open transaction in words, as keys of a dict."""

_WRITING_WORDS = ("INSERT", "UPDATE", "DELETE", "MERGE")


class RecordingSession(SyncSession):
    """The synchronous half of `Session`; remembers what was written and not yet committed."""

    def bar(self, reason: str) -> None:
        """Refuse every further statement; all ask for the engine first."""

        def refuse(*_: object, **__: object) -> NoReturn:
            raise ConfigurationError(reason)

        vars(self)["get_bind"] = refuse


def remember(session: SyncSession, change: str) -> None:
    """Note a write of the open transaction, in words."""
    session.info.setdefault(WRITES, {})[change] = None


def _remember_flush(session: SyncSession, _context: UOWTransaction) -> None:
    for word, rows in (("new", session.new), ("deleted", session.deleted)):
        for row in rows:
            remember(session, f"{word} {type(row).__name__}")
    for row in session.dirty:
        if session.is_modified(row):
            remember(session, f"changed {type(row).__name__}")


def _remember_statement(state: ORMExecuteState) -> None:
    statement: Any = state.statement
    if state.is_insert or state.is_update or state.is_delete:
        word = "insert" if state.is_insert else "update" if state.is_update else "delete"
        remember(state.session, f"{word} of {statement.table.name}")
    elif isinstance(statement, TextClause):
        word = statement.text.lstrip()[:6].upper()
        if word in _WRITING_WORDS:
            remember(state.session, f"{word.lower()} in SQL text")


def _forget(session: SyncSession, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(WRITES, None)


SAMPLE: Final = RecordingSession()
"""Has the listeners of all sessions, those added later to the class or to SQLAlchemy's too."""

event.listen(RecordingSession, "after_flush", _remember_flush)
event.listen(RecordingSession, "do_orm_execute", leave_out_deleted)
event.listen(RecordingSession, "do_orm_execute", _remember_statement)
event.listen(RecordingSession, "after_transaction_end", _forget)
