"""The units of work that a task has open, so that nobody promises what they may still refuse."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextvars import Token

    from fastgres.db.unit import UnitOfWork


class OpenUnits:
    """Know the outermost units that this task opens from now on, on whichever session.

    Tasks that it starts are work beside it and are not counted. End it with `end()`.

    ```python
    from fastgres.db import OpenUnits

    units = OpenUnits()
    async with session.begin():
        assert units.count == 1
    assert units.count == 0
    units.end()
    ```
    """

    __slots__ = ("_task", "_token", "_units")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._units: list[UnitOfWork] = []
        self._token: Token[OpenUnits | None] = _watching.set(self)

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._units)

    def changes(self) -> tuple[str, ...]:
        """Name what they have written so far, in words."""
        found = [change for unit in self._units for change in unit.changes()]
        return tuple(dict.fromkeys(found))

    def end(self) -> None:
        """Watch no longer."""
        _watching.reset(self._token)

    def forget(self, unit: UnitOfWork) -> None:
        """Note that a unit has ended."""
        self._units.remove(unit)

    @staticmethod
    def note(unit: UnitOfWork) -> OpenUnits | None:
        """Note that a unit was opened; return who watches this task, if anybody does."""
        watcher = _watching.get()
        if watcher is None or watcher._task is not asyncio.current_task():  # noqa: SLF001 - its own
            return None
        watcher._units.append(unit)  # noqa: SLF001 - its own
        return watcher


_watching: ContextVar[OpenUnits | None] = ContextVar("fastgres_open_units", default=None)
