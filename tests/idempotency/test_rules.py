"""What an idempotent route may ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fastgres.errors import ConfigurationError
from fastgres.idempotency.rules import Rules


@pytest.mark.parametrize("days", [0, -1, 31])
def test_lifetime_is_at_most_thirty_days(days: int) -> None:
    with pytest.raises(ConfigurationError, match="lifetime"):
        Rules(lifetime=timedelta(days=days))


@pytest.mark.parametrize("status", [200, 302, 401, 403, 408, 425, 429, 500, 503])
def test_what_says_nothing_about_the_request_is_never_stored(status: int) -> None:
    with pytest.raises(ConfigurationError, match="stored"):
        Rules(stored=frozenset({status}))


@pytest.mark.parametrize(
    ("status", "kept"), [(200, True), (201, True), (303, True), (402, True), (404, False)]
)
def test_success_and_what_is_named_is_stored(status: int, *, kept: bool) -> None:
    assert Rules(stored=frozenset({402})).stores(status) is kept
