"""Compare what clients were told with what the database holds; knows nothing of the workload.

Each function returns what is wrong, in words, and nothing when all is well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from chaos.journal import Answer, by_key

Row = Mapping[str, Any]
Violations = list[str]

EXPECTED: Final = frozenset({0, 201, 409, 503})
"""What a client may see: its order, a twin in progress, a service that is not there."""

EXPECTED_OF_PAYMENTS: Final = frozenset({0, 200, 402, 409, 503})
"""What a client that pays may see besides: a card that was declined."""


def check_orders(answers: Sequence[Answer], orders: Sequence[Row]) -> Violations:
    """Every acknowledged order exists once, no key has two, and none is there unasked."""
    asked = by_key(answers)
    found: dict[str, list[str]] = {}
    for row in orders:
        found.setdefault(row["note"], []).append(str(row["id"]))
    wrong = [
        f"{key}: {len(ids)} orders of one key: {', '.join(ids)}"
        for key, ids in found.items()
        if len(ids) > 1
    ]
    wrong += [f"{key}: an order that nobody asked for" for key in found.keys() - asked.keys()]
    for key, told in asked.items():
        wrong += _check_key(key, told, found.get(key, []))
    return wrong


def _check_key(key: str, told: Sequence[Answer], ids: Sequence[str]) -> Violations:
    acknowledged = [answer for answer in told if answer.acknowledged]
    named = {answer.order for answer in acknowledged}
    wrong = [
        f"{key}: acknowledged as {order}, which does not exist"
        for order in named - set(ids)
        if order
    ]
    if len({answer.digest for answer in acknowledged}) > 1:
        wrong.append(f"{key}: acknowledged with {len(acknowledged)} different answers")
    return wrong


def check_settled(answers: Sequence[Answer]) -> Violations:
    """Every key has come to its order: a retry settles what was unknown."""
    return [
        f"{key}: never acknowledged; last was {told[-1].status} {told[-1].detail}"
        for key, told in by_key(answers).items()
        if not any(answer.acknowledged for answer in told)
    ]


def check_sums(orders: Sequence[Row], stock: Sequence[Row], *, initial: int) -> Violations:
    """Orders add up to their lines, and stock and sold pieces to what there was."""
    wrong = [
        f"{row['note']}: total {row['total']}, lines {row['lines']} ({row['number']})"
        for row in orders
        if Decimal(row["total"]) != Decimal(row["lines"]) or not row["number"]
    ]
    return wrong + [
        f"{row['sku']}: {row['stock']} left and {row['sold']} sold of {initial}"
        for row in stock
        if row["stock"] + row["sold"] != initial
    ]


def check_answers(
    answers: Iterable[Answer], *, deadline: float, expected: Collection[int] = EXPECTED
) -> Violations:
    """Clients see nothing but what is expected, and never wait longer than the deadline."""
    answers = list(answers)
    wrong = [
        f"{answer.key}: answered {answer.status} {answer.detail}"
        for answer in answers
        if answer.status not in expected
    ]
    return wrong + [
        f"{answer.key}: waited {answer.seconds:.1f} s for {answer.status}, limit {deadline:g} s"
        for answer in answers
        if answer.seconds > deadline
    ]


def check_receipts(orders: Sequence[Row], letters: Mapping[str, int]) -> Violations:
    """No order without its receipt; a second copy counts as the same letter."""
    return [
        f"{row['note']}: the order {row['id']} has no receipt"
        for row in orders
        if not letters.get(str(row["id"]))
    ]


def check_work(work: Sequence[Row], dead: Sequence[int]) -> Violations:
    """No job is lost, transactional ones happen once, and only the newest attempt ends one.

    Of each job: `effects` are the attempts that had one, `attempts` the highest that began.
    """
    buried = Counter(dead)
    wrong: Violations = []
    for row in work:
        effects: list[int] = row["effects"] or []
        name = f"job {row['number']} ({row['kind']})"
        if row["kind"] == "poison":
            if not buried[row["number"]]:
                wrong.append(f"{name}: kills its worker, and is not among the dead letters")
            continue
        if not effects and not buried[row["number"]]:
            wrong.append(f"{name}: lost after {row['attempts']} attempts")
        if row["kind"].endswith("transactional"):
            wrong += _check_once(name, row, effects)
    return wrong


def _check_once(name: str, row: Row, effects: Sequence[int]) -> Violations:
    if len(effects) > 1:
        return [f"{name}: happened {len(effects)} times, in attempts {effects}"]
    if effects and effects[0] != row["attempts"]:
        return [f"{name}: attempt {effects[0]} ended it while attempt {row['attempts']} ran"]
    return []


def check_payments(
    answers: Sequence[Answer], orders: Sequence[Row], charges: Sequence[Row]
) -> Violations:
    """An order that was acknowledged as paid is, and charged once; no money is taken for nothing.

    `charges` are the provider's, each with the id of the order as its reference.
    """
    taken: dict[str, list[Decimal]] = {}
    for charge in charges:
        taken.setdefault(charge["reference"], []).append(Decimal(charge["amount"]))
    paying: dict[str, set[str]] = {}
    wrong: Violations = []
    for key, told in by_key(answers).items():
        said = {answer.digest for answer in told if answer.acknowledged}
        if said:
            paying.setdefault(str(told[0].order), set()).add(key)
        if len(said) > 1:
            wrong.append(f"{key}: acknowledged with {len(said)} different answers")
    known = {str(row["id"]): row for row in orders}
    for order in (paying.keys() | taken.keys()) - known.keys():
        wrong.append(f"{order}: paid or charged, and does not exist")
    for order, row in known.items():
        wrong += _check_payment(row, paying.get(order, set()), taken.get(order, []))
    return wrong


def _check_payment(row: Row, keys: Collection[str], taken: Sequence[Decimal]) -> Violations:
    order, paid = row["id"], row["status"] == "paid"
    faults = {
        f"charged {len(taken)} times": len(taken) > 1,
        f"acknowledged as paid, and is {row['status']}": bool(keys) and not paid,
        f"acknowledged to {len(keys)} payments": len(keys) > 1,
        "paid without a charge": paid and not taken,
        f"charged, and is {row['status']}": bool(taken) and not paid,
        "stays with a payment that nobody finishes": row["status"] == "paying",
        f"charged {', '.join(map(str, taken))}, costs {row['total']}": any(
            amount != Decimal(row["total"]) for amount in taken
        ),
    }
    return [f"{order}: {text}" for text, holds in faults.items() if holds]


def check_times(work: Sequence[Row]) -> Violations:
    """No job begins before it is due, by the database's clock."""
    return [
        f"job {row['number']}: due {row['due']}, began {row['began']}"
        for row in work
        if row["began"] is not None and row["began"] < row["due"]
    ]
