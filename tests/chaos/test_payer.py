"""What says how a payment has ended, and what has to be asked again."""

from __future__ import annotations

import pytest

from chaos.journal import Answer
from chaos.payer import DECLINED, card_of, is_definite, key_with_money


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        (200, "", True),
        (402, '{"code":"card_declined"}', True),
        (409, '{"code":"invalid_transition","state":"paid"}', True),
        (409, '{"code":"request_in_progress"}', False),
        (409, '{"code":"locked"}', False),
        (503, '{"code":"payment_unavailable"}', False),
        (0, "ReadTimeout", False),
    ],
)
def test_payment_is_asked_for_until_it_is_known(
    status: int, detail: str, *, expected: bool
) -> None:
    """Somebody else's payment of the same order is an answer; a twin in progress is none."""
    answer = Answer(key="a", status=status, seconds=0, detail=detail)
    assert is_definite(answer) is expected


def test_card_of_a_key_is_the_same_each_time() -> None:
    """Another one would make it another request."""
    cards = {key: card_of(key) for key in map(str, range(200))}
    assert cards == {key: card_of(key) for key in cards}
    assert set(cards.values()) == {"tok_visa", "tok_declined"}


def test_key_is_found_under_which_the_card_has_money() -> None:
    """For an order whose first key has none, as one in ten has."""
    poor = next(str(each) for each in range(200) if card_of(f"{each}.0") == DECLINED)
    assert key_with_money(poor) != f"{poor}.0"
    assert card_of(key_with_money(poor)) == "tok_visa"
