"""A job is a promise of a transaction: without one that commits, nobody keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.db import Session
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


def check_unit(session: AsyncSession, name: str) -> None:
    """Refuse a job that would be rolled back with the session that nobody commits.

    A session of SQLAlchemy's own, which may be committed in other ways, is trusted.
    """
    if isinstance(session, Session) and not session.in_unit:
        raise ConfigurationError(
            f"The job {name!r} was enqueued outside of a unit of work: nothing would ever commit "
            "its row, and it would be lost without a word. Enqueue it in the unit of the work that "
            f"it belongs to: `async with session.begin(): await {name}.enqueue(session, ...)`."
        )
