"""A compiled read writes what the ORM and Pydantic write: generated tables, rows and models.

The strategies, what is right, and what may be spelled differently are in `equivalence/`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.reads.equivalence.cases import GRAPH, SPECIMENS, Case, cases, reading_cases
from tests.reads.equivalence.checking import check, check_invented
from tests.reads.equivalence.inventions import Workshop, invented_cases
from tests.reads.equivalence.kinds import KINDS
from tests.reads.equivalence.laboratory import Laboratory

_EXAMPLES = settings.get_profile(settings.get_current_profile_name()).max_examples
_DEEP = _EXAMPLES > 100

pytestmark = [
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
    pytest.mark.timeout(0 if _DEEP else 120),
]


def thorough(share: float) -> settings:
    """Take a share of the examples of the profile; the same ones each time unless it is `deep`."""
    return settings(
        max_examples=max(1, round(_EXAMPLES * share)),
        derandomize=not _DEEP,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_reading_of_a_type(laboratory: Laboratory, kind: str) -> None:
    """All annotations that a field may reasonably give to a column, one by one."""
    for reading in (*KINDS[kind].plain, *KINDS[kind].odd):

        @thorough(0.03)
        @given(case=reading_cases(kind, reading))
        def reads_so(case: Case) -> None:
            check(laboratory, case)

        reads_so()


@thorough(1)
@given(case=cases(SPECIMENS, odd=0, depth=1))
def test_columns_of_every_type(laboratory: Laboratory, case: Case) -> None:
    """All of these compile."""
    check(laboratory, case)


@thorough(1)
@given(case=cases(GRAPH, odd=0, depth=3))
def test_relationships_of_every_sort(laboratory: Laboratory, case: Case) -> None:
    """All of these compile."""
    check(laboratory, case)


@thorough(0.5)
@given(case=cases(SPECIMENS, odd=25, depth=1))
def test_columns_read_in_odd_ways(laboratory: Laboratory, case: Case) -> None:
    """Some of these are loaded."""
    check(laboratory, case)


@thorough(0.5)
@given(case=cases(GRAPH, odd=8, depth=3))
def test_relationships_read_in_odd_ways(laboratory: Laboratory, case: Case) -> None:
    """Some of these are loaded."""
    check(laboratory, case)


@thorough(0.2)
@given(invented=invented_cases(odd=5))
def test_tables_that_nobody_would_think_of(
    laboratory: Laboratory, invented: tuple[Workshop, Case]
) -> None:
    """Drawn keys, names, columns and relationships."""
    workshop, case = invented
    check_invented(laboratory, case, schema=workshop.schema, tables=workshop.tables)
