"""From a path to what takes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from fastgres.endpoints.matcher import Matcher
from fastgres.endpoints.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable


def matcher(*paths: str) -> Matcher[str]:
    """Make a matcher in which each path finds itself."""
    made: Matcher[str] = Matcher()
    for path in paths:
        made.put(Pattern.of(path), path)
    return made


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", ("/", [])),
        ("/orders", ("/orders", [])),
        ("/orders/7", ("/orders/{id}", ["7"])),
        ("/orders/7/items/8", ("/orders/{id}/items/{item}", ["7", "8"])),
        ("/orders/top", ("/orders/top", [])),
        ("/orders/a%2Fb", ("/orders/{id}", ["a%2Fb"])),
        ("/orders/7\n", ("/orders/{id}", ["7\n"])),
        ("/orders/", None),
        ("/orders//items/8", None),
        ("/orders/7/items", None),
        ("/orders/7/", None),
        ("/Orders", None),
        ("orders", None),
        ("", None),
    ],
)
def test_path_is_found(path: str, found: Any) -> None:
    tree = matcher("/", "/orders", "/orders/{id}", "/orders/{id}/items/{item}", "/orders/top")
    assert tree.find(path) == found


def test_first_of_two_equal_patterns_is_kept() -> None:
    tree: Matcher[str] = Matcher()
    tree.put(Pattern.of("/a/{x}"), "first")
    tree.put(Pattern.of("/a/{y}"), "second")
    tree.put(Pattern.of("/a/{z}"))
    assert tree.find("/a/1") == ("first", ["1"])


def test_path_taken_by_nothing_is_not_found_by_what_takes_any() -> None:
    tree = matcher("/a/{x}")
    tree.put(Pattern.of("/a/export"))
    assert tree.find("/a/export") is None
    assert tree.find("/a/other") == ("/a/{x}", ["other"])


def test_pattern_that_is_not_plain_is_refused() -> None:
    with pytest.raises(ValueError, match="is not plain"):
        matcher("/a/{x:path}")


def steps(work: Callable[[], object]) -> int:
    """Count the lines of Python that run."""
    lines = 0

    def trace(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def test_steps_do_not_grow_with_the_number_of_routes() -> None:
    few = matcher("/things0/{id}", "/things0/{id}/parts/{part}")
    many = matcher(
        *(f"/things{n}/{{id}}" for n in range(300)),
        *(f"/things{n}/{{id}}/parts/{{part}}" for n in range(300)),
        *(f"/things0/{{id}}/kind{n}/{{part}}" for n in range(300)),
    )
    for path in ("/things0/7", "/things0/7/parts/8", "/nothing/7", "/things0/7/nothing/8"):
        assert steps(lambda path=path: many.find(path)) == steps(lambda path=path: few.find(path))  # type: ignore[misc]  # of a default in a lambda
