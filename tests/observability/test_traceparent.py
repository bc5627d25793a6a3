"""The trace of the work at hand."""

from __future__ import annotations

import pytest

from fastgres.observability import bind_traceparent, current_traceparent, reset_traceparent

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("given", [GIVEN, GIVEN.encode()])
def test_well_formed_trace_is_bound_and_put_back(given: str | bytes) -> None:
    token = bind_traceparent(given)
    assert current_traceparent() == GIVEN
    reset_traceparent(token)
    assert current_traceparent() is None


@pytest.mark.parametrize(
    "given", [None, "", "nonsense", GIVEN + "\n", GIVEN.replace("b7ad6b7169203331", "0" * 16)]
)
def test_anything_else_is_no_trace(given: str | None) -> None:
    token = bind_traceparent(given)
    assert current_traceparent() is None
    reset_traceparent(token)
