"""A compiled read writes what the ORM and Pydantic write: generated tables, rows and models.

The strategies, what is right, and what may be spelled differently are in `equivalence/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel
from sqlalchemy import inspect

from tests.reads.equivalence.cargo import Rows
from tests.reads.equivalence.cases import (
    GRAPH,
    SPECIMENS,
    Case,
    cases,
    reading_cases,
    widest_cases,
)
from tests.reads.equivalence.catalogue import offered_by
from tests.reads.equivalence.checking import check, check_invented, check_outside
from tests.reads.equivalence.draft import Nested, Schema
from tests.reads.equivalence.harbour import Berth, Country, Harbour
from tests.reads.equivalence.inventions import Workshop, invented_cases
from tests.reads.equivalence.kinds import KINDS
from tests.reads.equivalence.laboratory import Laboratory
from tests.reads.equivalence.verdict import difference

_EXAMPLES = settings.get_profile(settings.get_current_profile_name()).max_examples
_DEEP = _EXAMPLES > 100

pytestmark = [
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
    pytest.mark.timeout(0 if _DEEP else 120),
]


def thorough(share: float) -> settings:
    """Take a share of the examples of `deep`, or of a hundredth: then the same ones each time."""
    return settings(
        max_examples=max(2, round(share * (_EXAMPLES if _DEEP else 50))),
        derandomize=not _DEEP,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (b'{"a":1}', b'{"a":1.0}'),
        (b'{"a":1e+20}', b'{"a":1e20}'),
        (b"[-5.0404336026517504e+16]", b"[-5.04043360265175e+16]"),
        (b'["0.0000001"]', b'["1E-7"]'),
        (b'["16130000"]', b'["1.6130E+7"]'),
    ],
)
def test_spellings_that_may_differ(found: bytes, right: bytes) -> None:
    """They stand for the same values."""
    assert difference(found, right, json_inside=False, unordered=False) is None


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (b'{"a":1.0}', b'{"a":1}'),
        (b'{"a":"1"}', b'{"a":1}'),
        (b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
        (b'{"a":1}', b'{"a":1,"b":null}'),
        (b"[2,1]", b"[1,2]"),
        (b"[0.1]", b"[0.10000000149011612]"),
        (b'["1.0"]', b'["1.00"]'),
        (b'["\\u00e9"]', '["é"]'.encode()),
        (b'{"a": 1}', b'{"a":1}'),
        (b"[NaN]", b"[null]"),
        (b"{}", b"[]"),
        (b"[1", b"[1]"),
    ],
)
def test_differences_that_count(found: bytes, right: bytes) -> None:
    """Order, types, digits, whitespace, and what is not JSON."""
    assert difference(found, right, json_inside=False, unordered=False)


def test_json_of_the_database_may_have_whitespace() -> None:
    """And arrays without an order in the mapping may come in any."""
    found, right = b'[{"a": [ 1 ]},{"b":2}]', b'[{"b":2},{"a":[1]}]'
    assert difference(found, right, json_inside=True, unordered=True) is None
    assert difference(found, right, json_inside=True, unordered=False)


def test_strategies_offer_every_relationship() -> None:
    """A filter that lets too little through would make the properties true of nothing."""
    offered = {each.name for mapped in GRAPH for each in offered_by(mapped) if each.target}
    mapped_ones = {name for mapped in GRAPH for name in inspect(mapped).relationships.keys()}  # noqa: SIM118 - no dict: it iterates over values
    assert mapped_ones - offered == {"logbook"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_reading_of_a_type(laboratory: Laboratory, kind: str) -> None:
    """All annotations that a field may reasonably give to a column, one by one."""
    for reading in (*KINDS[kind].plain, *KINDS[kind].odd):

        @thorough(0.02)
        @given(case=reading_cases(kind, reading))
        def reads_so(case: Case) -> None:
            check(laboratory, case)

        reads_so()


@pytest.mark.parametrize("mapped", SPECIMENS)
def test_all_columns_at_once(laboratory: Laboratory, mapped: type[Any]) -> None:
    """More of them than a function of PostgreSQL takes arguments."""

    @thorough(0.02)
    @given(case=widest_cases(mapped))
    def reads_all(case: Case) -> None:
        check(laboratory, case)

    reads_all()


@thorough(0.1)
@given(case=cases((*GRAPH, *SPECIMENS), odd=0, depth=2))
def test_reads_outside_a_transaction(laboratory: Laboratory, case: Case) -> None:
    """From the engine, from a session that has not begun, and as an export."""
    check_outside(laboratory, case)


@thorough(0.4)
@given(case=cases(SPECIMENS, odd=0, depth=1))
def test_columns_of_every_type(laboratory: Laboratory, case: Case) -> None:
    """All of these compile."""
    check(laboratory, case)


@thorough(0.6)
@given(case=cases(GRAPH, odd=0, depth=3))
def test_relationships_of_every_sort(laboratory: Laboratory, case: Case) -> None:
    """All of these compile."""
    check(laboratory, case)


@thorough(0.25)
@given(case=cases(SPECIMENS, odd=25, depth=1))
def test_columns_read_in_odd_ways(laboratory: Laboratory, case: Case) -> None:
    """Some of these are loaded."""
    check(laboratory, case)


@thorough(0.25)
@given(case=cases(GRAPH, odd=8, depth=3))
def test_relationships_read_in_odd_ways(laboratory: Laboratory, case: Case) -> None:
    """Some of these are loaded."""
    check(laboratory, case)


@thorough(0.15)
@given(invented=invented_cases(odd=5))
def test_tables_that_nobody_would_think_of(
    laboratory: Laboratory, invented: tuple[Workshop, Case]
) -> None:
    """Drawn keys, names, columns and relationships."""
    workshop, case = invented
    check_invented(laboratory, case, schema=workshop.schema, tables=workshop.tables)


class _Spot(BaseModel):
    name: str


class _Quay(BaseModel):
    children: list[_Spot]


class _Port(BaseModel):
    berths: Sequence[_Quay]


def test_relationships_inside_what_only_python_reads(laboratory: Laboratory) -> None:
    """A sequence, a union, or a list with a serializer, of models with relationships."""
    quay = Nested("berths", _schema(Berth, _Quay, Nested("children", _schema(Berth, _Spot))))
    rows = [
        (Country.__table__, [{"code": "dk", "name": "Denmark"}]),
        (Harbour.__table__, [_HARBOUR]),
        (Berth.__table__, [{"id": 1, "name": "a", "country_code": "dk", "harbour_number": 1}]),
    ]
    check(laboratory, Case(_schema(Harbour, _Port, quay), cast("Rows", rows)))


_HARBOUR = {"country_code": "dk", "number": 1, 'The "name"': "Aarhus", "plan": {}, "secret": ""}


def _schema(source: type[Any], model: type[BaseModel], *nested: Nested) -> Schema:
    return Schema(
        source=source,
        model=model,
        attributes=(),
        nested=nested,
        plain=False,
        refusing=False,
        json=False,
        unordered=False,
    )
