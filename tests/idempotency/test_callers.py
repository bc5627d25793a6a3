"""Who asks, as it is stored."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest

from fastgres.errors import ConfigurationError
from fastgres.idempotency.callers import anyone, caller_text

ID = UUID(int=7)


@pytest.mark.parametrize(
    ("caller", "text"),
    [("ada", "ada"), (7, "7"), (ID, str(ID)), (("acme", 7), '["acme", "7"]')],
)
def test_id_is_stored_as_text(caller: object, text: str) -> None:
    assert caller_text(caller) == text


def test_parts_of_two_callers_are_not_mixed_up() -> None:
    assert caller_text(("a", "b, c")) != caller_text(("a, b", "c"))


@pytest.mark.parametrize("caller", [None, SimpleNamespace(id=7), (), ("a", None), "", "a" * 501])
def test_what_names_nobody_is_refused(caller: object) -> None:
    with pytest.raises(ConfigurationError):
        caller_text(caller)


async def test_anyone_is_a_caller() -> None:
    assert caller_text(await anyone()) == "anyone"
