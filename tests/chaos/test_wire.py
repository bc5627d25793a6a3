"""COMMIT is seen in every way in which it can be sent."""

from __future__ import annotations

import pytest

from chaos.wire import Backend, Frontend, Message, ends_transaction, is_commit, is_ready

STARTUP = b"\0\0\0\x08\0\x03\0\0"
SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"


def message(kind: bytes, body: bytes) -> bytes:
    """Return a message as it is sent."""
    return kind + (len(body) + 4).to_bytes(4) + body


def fed(*pieces: bytes) -> list[Message]:
    """Return what a client sent after its start-up."""
    frontend = Frontend()
    list(frontend.feed(STARTUP))
    return [each for piece in pieces for each in frontend.feed(piece)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"COMMIT;", True),
        (b" commit", True),
        (b"END", True),
        (b"INSERT INTO a VALUES (1); COMMIT", True),
        (b"COMMIT PREPARED 'a'", False),
        (b"ROLLBACK", False),
        (b"SELECT 'commit'", False),
        (b"SELECT endpoint FROM commits", False),
        (b"endless", False),
    ],
)
def test_commit_is_told_from_what_looks_like_it(query: bytes, expected: bool) -> None:
    """By the first word of each statement."""
    assert is_commit(query) is expected


def test_commit_of_the_simple_protocol_is_seen() -> None:
    """As asyncpg and SQLAlchemy send it."""
    begin, commit = fed(message(b"Q", b"BEGIN;\0") + message(b"Q", b"COMMIT;\0"))
    assert (begin.commits, commit.commits) == (False, True)


def test_commit_of_the_extended_protocol_is_seen_when_it_is_executed() -> None:
    """Its text comes with Parse, under a name that Execute leads back to."""
    parsed = message(b"P", b"end_it\0COMMIT\0\0\0")
    bound = message(b"B", b"portal\0end_it\0\0\0\0\0\0\0")
    executed = message(b"E", b"portal\0\0\0\0\0")
    assert [each.commits for each in fed(parsed, bound, executed)] == [False, False, True]


def test_name_that_was_a_commit_can_be_something_else_later() -> None:
    """The unnamed statement is parsed anew each time."""
    commit = message(b"P", b"\0COMMIT\0\0\0") + message(b"B", b"\0\0\0\0\0\0\0\0")
    select = message(b"P", b"\0SELECT 1\0\0\0") + message(b"B", b"\0\0\0\0\0\0\0\0")
    executed = message(b"E", b"\0\0\0\0\0")
    seen = fed(commit + executed + select + executed)
    assert [each.commits for each in seen if each.kind == b"E"] == [True, False]


def test_pieces_are_put_together() -> None:
    """TCP knows no messages."""
    sent = message(b"Q", b"COMMIT;\0")
    seen = fed(*(sent[place : place + 1] for place in range(len(sent))))
    assert [(each.raw, each.commits) for each in seen] == [(sent, True)]


def test_request_for_encryption_comes_before_the_start() -> None:
    """It has no type, like the start-up itself, and no password or query follows it yet."""
    seen = list(Frontend().feed(SSL_REQUEST + STARTUP + message(b"Q", b"END\0")))
    assert [each.asks_encryption for each in seen] == [True, False, False]
    assert [each.kind for each in seen] == [b"", b"", b"Q"]


def test_end_of_a_transaction_and_readiness_are_seen() -> None:
    """A COMMIT that failed is answered with ROLLBACK."""
    sent = [
        message(b"C", b"COMMIT\0"),
        message(b"C", b"ROLLBACK\0"),
        message(b"C", b"INSERT 0 1\0"),
    ]
    seen = list(Backend().feed(b"".join([*sent, message(b"Z", b"I")])))
    assert [ends_transaction(each) for each in seen] == [True, True, False, False]
    assert [is_ready(each) for each in seen] == [False, False, False, True]
