"""The property of `test_equivalence.py` is worth something: it fails for bugs in the SQL writer.

Each test plants one for its own duration, and expects the property to name a difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy.orm import with_loader_criteria

from fastgres.db import SoftDelete
from fastgres.reads import statement, writer
from tests.reads.equivalence.cases import Case, cases
from tests.reads.equivalence.checking import check
from tests.reads.equivalence.harbour import Berth, Harbour, Person, Ship, Tag
from tests.reads.equivalence.laboratory import Laboratory


def drop_the_order(patch: pytest.MonkeyPatch) -> None:
    """Leave the items of an array as the table holds them."""
    patch.setattr(writer, "_order", lambda *_: [])


def show_deleted_rows_below_the_root(patch: pytest.MonkeyPatch) -> None:
    """Leave soft-deleted rows out of the root only: everything nested is an alias."""
    living = with_loader_criteria(SoftDelete, lambda cls: cls.deleted_at.is_(None))
    patch.setattr(statement, "only_living", lambda select: select.options(living))


def ignore_aliases(patch: pytest.MonkeyPatch) -> None:
    """Write members under the names of their fields."""
    write: Any = writer.Writer._member

    def under_its_name(self: Any, planned: Any, alias: Any) -> Any:
        return write(self, replace(planned, key=planned.name), alias)

    patch.setattr(writer.Writer, "_member", under_its_name)


@pytest.mark.parametrize(
    ("plant", "shown"),
    [
        (drop_the_order, r" instead of "),
        (show_deleted_rows_below_the_root, r" items instead of | instead of None"),
        (ignore_aliases, r" has the keys .* instead of "),
    ],
)
def test_property_fails_for_a_planted_bug(
    laboratory: Laboratory,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
    shown: str,
) -> None:
    @settings(
        max_examples=1000,
        derandomize=True,
        report_multiple_bugs=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases((Berth, Harbour, Person, Ship, Tag), odd=0, depth=1))
    def reads_are_right(case: Case) -> None:
        check(laboratory, case)

    plant(monkeypatch)
    with pytest.raises(AssertionError, match=shown):
        reads_are_right()
