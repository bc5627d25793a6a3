"""Spans of time as people write and read them."""

from __future__ import annotations

import pytest
import typer

from fastgres.cli.durations import read_span, write_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("1w", 604_800)],
)
def test_span_is_read(text: str, seconds: float) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "1.5h", "-1d", "7 d", "7days"])
def test_what_is_no_span_is_refused(text: str) -> None:
    """A number alone could be seconds or days; a purge is no place to guess."""
    with pytest.raises(typer.BadParameter, match="no span of time"):
        read_span(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5_999, "100 min"),
        (6_000, "2 h"),
        (172_799, "48 h"),
        (172_800, "2 d"),
    ],
)
def test_span_is_written_in_its_largest_unit(seconds: float, text: str) -> None:
    assert write_span(seconds) == text
