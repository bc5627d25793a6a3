"""The units of work that a task has open, so that nobody promises what they may still refuse."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol


class Unit(Protocol):
    """A unit of work that may have written."""

    def changes(self) -> tuple[str, ...]:
        """Name what it has written so far, in words."""
        ...


_open: dict[asyncio.Task[Any], list[Unit]] = {}


class OpenUnits:
    """Know the outermost units that this task opens from now on, on whichever session.

    Tasks that it starts are work beside it and are not counted.

    ```python
    from fastgres.db import OpenUnits

    units = OpenUnits()
    async with session.begin():
        assert units.count == 1
    assert units.count == 0
    ```
    """

    __slots__ = ("_before", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._before = len(self._all()) if _open else 0

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._all()) - self._before if _open else 0

    def changes(self) -> tuple[str, ...]:
        """Name what they have written so far, in words."""
        found = [change for unit in self._all()[self._before :] for change in unit.changes()]
        return tuple(dict.fromkeys(found))

    def _all(self) -> list[Unit]:
        return [] if self._task is None else _open.get(self._task, [])


def note_unit(unit: Unit) -> asyncio.Task[Any] | None:
    """Note that this task has opened a unit; return the task."""
    task = asyncio.current_task()
    if task is None:
        return None
    if task not in _open:
        _open[task] = []
        task.add_done_callback(_forget_all)
    _open[task].append(unit)
    return task


def forget_unit(unit: Unit, task: asyncio.Task[Any]) -> None:
    """Note that a unit of the task has ended."""
    units = _open.get(task, [])
    if unit in units:
        units.remove(unit)
    if not units and task in _open:
        del _open[task]
        task.remove_done_callback(_forget_all)


def _forget_all(task: asyncio.Task[Any]) -> None:
    """Forget units that were left open when their task ended: nobody else may keep them alive."""
    _open.pop(task, None)
