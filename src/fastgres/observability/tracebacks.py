"""Tracebacks that show where the service's own code went wrong, and are bounded in size."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any, Final

from fastgres.errors import FastgresError
from fastgres.settings import mask_credentials

LONGEST: Final = 12_000
"""Characters of a traceback in a log line: its beginning and, twice as long, its end."""

_OURS: Final = str(Path(__file__).parents[1])
_PYTHON: Final = sysconfig.get_path("stdlib")
_INSTALLED: Final = ("site-packages", "dist-packages")


def unwrapped(error: BaseException) -> BaseException:
    """Return the one error that task groups have wrapped, layer by layer; else the error itself.

    ```python
    from fastgres.observability import unwrapped

    bug = ValueError("the bug")
    assert unwrapped(ExceptionGroup("outer", [ExceptionGroup("inner", [bug])])) is bug
    ```
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def whole(error: BaseException) -> str:
    """Return the traceback with every frame, for a machine."""
    return _bounded(traceback.format_exception(unwrapped(error)))


def folded(error: BaseException) -> str:
    """Return the traceback for a developer: own frames marked, those of libraries counted.

    Of what a library raised its last frame is shown too. One that no code of the service took
    part in is shown whole, unless it is ours and says itself what to do.
    """
    error = unwrapped(error)
    found = traceback.TracebackException.from_exception(error, compact=True)
    parts = list(_parts(found))
    own = any(_package(frame.filename) is None for part in parts for frame in part.stack)
    if own or isinstance(error, FastgresError):
        for part in parts:
            part.stack = _Folded(part.stack)
    return _bounded(found.format())


def place_in(frame: FrameType) -> str:
    """Return where a thread stands: the innermost of the service's own frames, if it has one.

    ```python
    import sys

    from fastgres.observability import place_in

    assert " in " in place_in(sys._getframe())
    ```
    """
    frames = traceback.extract_stack(frame)
    own = [each for each in frames if _package(each.filename) is None]
    found = (own or frames)[-1]
    return f"{found.filename}:{found.lineno} in {found.name}"


def _parts(found: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """Yield the tracebacks that are printed as one: causes, contexts, members of groups."""
    yield found
    inner = [found.__cause__, found.__context__, *(found.exceptions or ())]
    for each in inner:
        if each is not None:
            yield from _parts(each)


class _Folded(traceback.StackSummary):
    """Frames, of which those of libraries are told in a line."""

    def format(self, **options: Any) -> list[str]:
        last = len(self) - 1
        lines: list[str] = []
        numbered = enumerate(self)
        shown = groupby(numbered, key=lambda item: _kind(item[1], is_last=item[0] == last))
        for kind, run in shown:
            frames = [frame for _, frame in run]
            if kind == "folded":
                lines.append(_count(frames))
                continue
            written = traceback.StackSummary.from_list(frames).format(**options)
            lines += [_marked(each) for each in written] if kind == "own" else written
        return lines


def _kind(frame: traceback.FrameSummary, *, is_last: bool) -> str:
    if _package(frame.filename) is None:
        return "own"
    return "last" if is_last else "folded"


def _marked(frame: str) -> str:
    return f"> {frame[2:]}" if frame.startswith("  File") else frame


def _count(frames: list[traceback.FrameSummary]) -> str:
    packages = dict.fromkeys(_package(frame.filename) or "" for frame in frames)
    calls = "1 call" if len(frames) == 1 else f"{len(frames)} calls"
    return f"  ... {calls} in {', '.join(packages)}\n"


@lru_cache(maxsize=512)
def _package(file: str) -> str | None:
    """Return the library that a file belongs to; None for the service's own code."""
    parts = Path(file).parts
    for folder in _INSTALLED:
        if folder in parts[:-1]:
            return parts[parts.index(folder) + 1].removesuffix(".py")
    if file.startswith(_OURS):
        return "fastgres"
    return "Python" if file.startswith((_PYTHON, "<")) else None


def _bounded(lines: Iterable[str]) -> str:
    text = mask_credentials("".join(lines)).rstrip("\n")
    if len(text) <= LONGEST:
        return text
    beginning, end = LONGEST // 3, LONGEST - LONGEST // 3
    left_out = len(text) - LONGEST
    return f"{text[:beginning]}\n... {left_out:,} characters left out ...\n{text[-end:]}"
