"""What wrk says is read, and nothing that went wrong counts as speed."""

from __future__ import annotations

import pytest

from bench.errors import BenchError
from bench.wrk import posted, read

SAID = (
    "Running 1s test\n  2 threads\n"
    '{"requests": 500, "seconds": 2.0, "bytes": 100000, "p50": 1.5, "p99": 9.25, '
    '"refused": %d, "broken": %d, "late": %d}\n'
)


def test_the_last_line_is_the_result() -> None:
    """Above it wrk writes what people read."""
    found = read(SAID % (0, 0, 0))
    assert (found.requests, found.per_second, found.size) == (500, 250.0, 200)
    assert (found.p50, found.p99) == (1.5, 9.25)


def test_a_line_of_a_post_is_its_path_and_its_body() -> None:
    """A tab cannot stand in either: JSON escapes it."""
    assert posted("/customers", {"name": "美\t咲"}) == '/customers\t{"name": "美\\t咲"}'


@pytest.mark.parametrize("bad", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_an_answer_that_failed_is_an_error(bad: tuple[int, int, int]) -> None:
    """Errors are fast; they must not look like speed."""
    with pytest.raises(BenchError, match="refused, broken or late"):
        read(SAID % bad)
