"""The checker finds what is wrong, and nothing where all is well."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from chaos import checker
from chaos.journal import Answer

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def told(key: str, status: int = 201, **values: Any) -> Answer:
    """Return an answer to a client."""
    order = f"order of {key}" if status == 201 else None
    given: dict[str, Any] = {"seconds": 0.1, "order": order, "digest": key} | values
    return Answer(key=key, status=status, **given)


def stored(key: str, **values: Any) -> dict[str, Any]:
    """Return a row of an order."""
    row = {"id": f"order of {key}", "note": key, "total": Decimal("2.50"), "number": 1}
    return row | {"lines": Decimal("2.50")} | values


def test_told_and_stored_agree() -> None:
    """Also where a retry was needed, or the client was told nothing of what happened."""
    answers = [told("a", 503), told("a"), told("a"), told("b", 0), told("c", 0)]
    assert checker.check_orders(answers, [stored("a"), stored("b")]) == []


def test_acknowledged_order_that_is_not_there_is_found() -> None:
    """The worst lie."""
    assert "does not exist" in checker.check_orders([told("a")], [])[0]


def test_two_orders_of_one_key_are_found() -> None:
    """The second one has an id of its own."""
    wrong = checker.check_orders([told("a")], [stored("a"), stored("a", id="other")])
    assert "2 orders of one key" in wrong[0]


def test_different_answers_to_one_key_are_found() -> None:
    """A replay is the same bytes."""
    wrong = checker.check_orders([told("a"), told("a", digest="other")], [stored("a")])
    assert "different answers" in wrong[0]


def test_order_without_a_client_is_found() -> None:
    """Nobody asked for it."""
    assert "nobody asked" in checker.check_orders([], [stored("a")])[0]


def test_key_that_was_never_settled_is_found() -> None:
    """Its client has given up."""
    wrong = checker.check_settled([told("a", 503), told("b"), told("a", 0)])
    assert [each[:2] for each in wrong] == ["a:"]


@pytest.mark.parametrize("change", [{"total": Decimal(3)}, {"lines": Decimal(0)}, {"number": 0}])
def test_order_that_does_not_add_up_is_found(change: dict[str, Any]) -> None:
    """Half an order was committed."""
    assert len(checker.check_sums([stored("a", **change)], [], initial=10)) == 1


def test_stock_that_does_not_add_up_is_found() -> None:
    """An update was lost, or pieces were taken for nothing."""
    stock = [{"sku": "right", "stock": 7, "sold": 3}, {"sku": "wrong", "stock": 8, "sold": 3}]
    assert checker.check_sums([stored("a")], stock, initial=10) == [
        "wrong: 8 left and 3 sold of 10"
    ]


def test_unexpected_and_late_answers_are_found() -> None:
    """A 500, and a 503 after the deadline."""
    answers = [told("a"), told("b", 500), told("c", 503, seconds=16.0), told("d", 409)]
    wrong = checker.check_answers(answers, deadline=15)
    assert [each[:2] for each in wrong] == ["b:", "c:"]


def test_order_without_letter_is_found() -> None:
    """Two letters are as good as one."""
    orders = [stored("a"), stored("b")]
    assert len(checker.check_receipts(orders, {"order of a": 2})) == 1


def work(kind: str, attempts: int, *effects: int) -> dict[str, Any]:
    """Return a row of what was asked of the workers."""
    return {"number": 1, "kind": kind, "attempts": attempts, "effects": list(effects) or None}


@pytest.mark.parametrize(
    ("row", "dead", "expected"),
    [
        (work("transactional", 2, 2), [], ""),
        (work("transactional", 2, 1), [], "attempt 1 ended it while attempt 2 ran"),
        (work("transactional", 2, 1, 2), [], "happened 2 times"),
        (work("transactional", 1), [], "lost after 1 attempts"),
        (work("outside", 2, 1, 2), [], ""),
        (work("outside", 0), [], "lost after 0 attempts"),
        (work("poison", 3), [1], ""),
        (work("poison", 3), [], "not among the dead letters"),
    ],
)
def test_work_is_judged_by_what_it_promised(
    row: dict[str, Any], dead: list[int], expected: str
) -> None:
    """Once inside a transaction, at least once outside of one."""
    wrong = checker.check_work([row], dead)
    assert (expected in wrong[0]) if expected else wrong == []


def paying(key: str, status: int = 200, **values: Any) -> Answer:
    """Return an answer to who pays the order "1"."""
    return told(key, status, **({"order": "1", "digest": "paid"} | values))


def ordered(status: str = "paid") -> dict[str, Any]:
    """Return a row of an order that may have been paid."""
    return {"id": "1", "status": status, "total": Decimal("2.50")}


CHARGE = {"reference": "1", "amount": "2.50", "id": "ch_1"}


@pytest.mark.parametrize(
    ("answers", "status", "charges", "expected"),
    [
        ([paying("a", 503), paying("a"), paying("a"), paying("b", 409)], "paid", [CHARGE], ""),
        ([paying("a", 402), paying("b", 0)], "placed", [], ""),
        ([paying("a", 0)], "paid", [CHARGE], ""),
        ([paying("a")], "paying", [CHARGE], "acknowledged as paid, and is paying"),
        ([paying("a")], "paid", [], "paid without a charge"),
        ([paying("a")], "paid", [CHARGE, CHARGE | {"id": "ch_2"}], "charged 2 times"),
        ([paying("a"), paying("b")], "paid", [CHARGE], "acknowledged to 2 payments"),
        ([paying("a"), paying("a", digest="other")], "paid", [CHARGE], "2 different answers"),
        ([paying("a", 0)], "placed", [CHARGE], "charged, and is placed"),
        ([paying("a", 0)], "paying", [], "stays with a payment"),
        ([paying("a")], "paid", [CHARGE | {"amount": "2.00"}], "charged 2.00, costs 2.50"),
        ([], "placed", [CHARGE | {"reference": "2"}], "does not exist"),
    ],
)
def test_money_and_what_was_said_of_it_agree(
    answers: list[Answer], status: str, charges: list[dict[str, Any]], expected: str
) -> None:
    """Between the client, the shop, and the provider."""
    wrong = checker.check_payments(answers, [ordered(status)], charges)
    assert any(expected in each for each in wrong) if expected else wrong == []


def test_job_that_began_too_early_is_found() -> None:
    """Both moments are the database's."""
    early = {"number": 1, "due": NOW, "began": NOW - dt.timedelta(seconds=1)}
    right = {"number": 2, "due": NOW, "began": NOW}
    never = {"number": 3, "due": NOW, "began": None}
    assert len(checker.check_times([early, right, never])) == 1
