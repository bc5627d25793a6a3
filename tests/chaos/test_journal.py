"""What was written is what is read."""

from __future__ import annotations

from pathlib import Path

from chaos.journal import Answer, Journal, by_key, read


def test_answer_is_on_the_disk_before_the_next_request(tmp_path: Path) -> None:
    """A workload that dies leaves what it was told."""
    answer = Answer(key="a", status=201, seconds=0.25, order="1", digest="d", replayed=True)
    with Journal(tmp_path / "below" / "log.jsonl") as journal:
        journal.write(answer)
        assert read(journal.path) == [answer]


def test_answers_are_in_their_order() -> None:
    """By key, the first one first."""
    one, two = (Answer(key="a", status=status, seconds=0) for status in (503, 201))
    assert by_key([one, two]) == {"a": [one, two]}
