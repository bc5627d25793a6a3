"""Tracebacks for people and for machines."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pytest

from fastgres.observability.tracebacks import LONGEST, folded, unwrapped, whole
from fastgres.settings import Project, Settings

if TYPE_CHECKING:
    from collections.abc import Callable


def caught(call: Callable[[], object]) -> Exception:
    """Return what a call raises."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - it is looked at
        return error
    raise AssertionError("It raised nothing.")


def parse() -> object:
    """Be code of the service."""
    return json.loads("{")


def test_own_frames_are_marked_and_those_of_libraries_counted() -> None:
    lines = [line for line in folded(caught(parse)).splitlines() if "^" not in line]
    *_, at, source, calls, last, raising, message = lines
    assert at.startswith(f'> File "{__file__}"')
    assert at.endswith("in parse")
    assert source.strip() == 'return json.loads("{")'
    assert calls == "  ... 2 calls in Python"
    assert last.startswith("  File")
    assert last.endswith("in raw_decode")
    assert "raise" in raising or "scan_once" in raising
    assert message.startswith("json.decoder.JSONDecodeError: Expecting property name")


def test_cause_is_shown_too() -> None:
    def fail() -> None:
        try:
            parse()
        except ValueError as error:
            raise RuntimeError("no orders") from error

    text = folded(caught(fail))
    assert text.index("in parse") < text.index("direct cause") < text.index("RuntimeError: no ord")
    assert text.count("> File") == 3 + 1


def test_error_without_code_of_the_service_is_shown_whole() -> None:
    error = caught(lambda: Settings.model_validate({"port": "x"}))
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    inner = error.with_traceback(TracebackType(None, frame, 0, line))
    assert "..." not in folded(inner)
    assert folded(inner) == whole(inner)


def test_error_of_ours_that_says_what_to_do_needs_no_frames_of_libraries() -> None:
    error = caught(lambda: Project.find(Path("/")))
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    inner = error.with_traceback(TracebackType(TracebackType(None, frame, 0, line), frame, 0, line))
    assert folded(inner).count("File") == 1
    assert "... 1 call in fastgres" in folded(inner)


def test_error_of_task_groups_is_the_one_inside() -> None:
    """A server-sent event passes three task groups, and each of them repeats all the others."""
    error = caught(parse)
    nested = ExceptionGroup("a", [ExceptionGroup("b", [ExceptionGroup("c", [error])])])
    assert unwrapped(nested) is error
    assert folded(nested) == folded(error)
    assert whole(nested) == whole(error)


def test_group_of_several_keeps_each() -> None:
    group = ExceptionGroup("both", [caught(parse), KeyError("PAYMENT")])
    assert unwrapped(group) is group
    assert folded(group).count("> File") == 2
    assert "KeyError: 'PAYMENT'" in folded(group)


@pytest.mark.parametrize("write", [folded, whole])
def test_size_is_bounded_and_both_ends_are_kept(write: Callable[[BaseException], str]) -> None:
    text = write(ValueError("begin" + "x" * 100_000 + "end"))
    assert len(text) < LONGEST + 100
    assert text.startswith("ValueError: begin")
    assert text.endswith("end")
    assert "characters left out" in text
