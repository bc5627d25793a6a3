"""Paths, segment by segment."""

from __future__ import annotations

import pytest

from fastgres.endpoints.pattern import Pattern, Wild


def both(one: str, other: str) -> tuple[Pattern, Pattern]:
    """Take two paths apart."""
    return Pattern.of(one), Pattern.of(other)


def test_path_is_taken_apart() -> None:
    pattern = Pattern.of("/orders/{order_id}/v{version}/{number:int}/{rest:path}")
    assert pattern.segments == ("orders", Wild.ANY, Wild.SOME, Wild.SOME, Wild.REST)
    assert pattern.names == ("order_id",)
    assert not pattern.is_plain


@pytest.mark.parametrize("path", ["/", "/orders", "/orders/", "//"])
def test_fixed_path_has_no_parameters(path: str) -> None:
    assert Pattern.of(path).is_fixed
    assert Pattern.of(path).is_plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a/{x}", "/a/b"),
        ("/a/{x}", "/{y}/b"),
        ("/a/{x:int}", "/a/b"),
        ("/a/v{x}", "/a/{y}"),
        ("/{p:path}", "/a/b/c"),
        ("/a/{p:path}", "/a/b/c"),
        ("/a/{p:path}.json", "/a/b/c"),
        ("/a/{p:own}", "/a/b/c"),
        ("/a", "/a"),
    ],
)
def test_patterns_that_may_take_one_path_meet(one: str, other: str) -> None:
    mine, theirs = both(one, other)
    assert mine.meets(theirs)
    assert theirs.meets(mine)


@pytest.mark.parametrize(
    ("one", "other"), [("/a", "/b"), ("/a/{x}", "/a"), ("/a/{x}", "/b/{x}"), ("/a", "/a/")]
)
def test_patterns_that_differ_do_not_meet(one: str, other: str) -> None:
    mine, theirs = both(one, other)
    assert not mine.meets(theirs)
    assert not theirs.meets(mine)


@pytest.mark.parametrize(
    ("one", "other"),
    [("/a/{x}", "/a/b"), ("/{x}/{y}", "/a/{z}"), ("/a/b", "/a/b")],
)
def test_pattern_covers_what_it_takes_all_of(one: str, other: str) -> None:
    mine, theirs = both(one, other)
    assert mine.covers(theirs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a/b", "/a/{x}"),
        ("/a/{x:int}", "/a/{y}"),
        ("/a/{x:int}", "/a/1"),
        ("/a/{x}", "/a/"),
        ("/a/{x}", "/a/b/c"),
        ("/a/b/c", "/a/b"),
        ("/a/{x}", "/a/{p:path}"),
        ("/a/{p:path}", "/a/b/{c}"),
    ],
)
def test_pattern_does_not_cover_what_it_may_leave(one: str, other: str) -> None:
    mine, theirs = both(one, other)
    assert not mine.covers(theirs)
