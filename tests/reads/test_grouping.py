"""SQL taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastgres.reads.grouping import Group, grouped, tokens_of


def texts(sql: str) -> list[str]:
    """Return the tokens' texts."""
    return [token.text for token in tokens_of(sql)]


@pytest.mark.parametrize(
    ("sql", "literal"),
    [
        ("SELECT 'it''s (', x", "'it''s ('"),
        (r"SELECT E'it\'s (', x", r"E'it\'s ('"),
        (r"SELECT 'C:\', x", r"'C:\'"),
        ('SELECT "odd "" name ("', '"odd "" name ("'),
        ("SELECT $body$ ' ( $$ $body$, $1", "$body$ ' ( $$ $body$"),
        ("SELECT 'a\n  b'", "'a\n  b'"),
    ],
)
def test_a_literal_is_one_token_whatever_is_in_it(sql: str, literal: str) -> None:
    """Its parentheses open nothing, its spaces are not ours."""
    assert literal in texts(sql)
    assert grouped(sql) is not None


def test_parentheses_brackets_and_cases_are_groups() -> None:
    """With what stands in them."""
    nodes = grouped("f(a[1], CASE WHEN b THEN c END)")
    assert nodes is not None
    call = nodes[1]
    assert isinstance(call, Group)
    inner = [node.opening.text for node in call.inside if isinstance(node, Group)]
    assert (call.opening.text, inner) == ("(", ["[", "CASE"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 -- one",
        "SELECT 1--one",
        "SELECT 1 /* one */",
        "SELECT 'a'\n'b'",
        "SELECT 'never closed",
        "SELECT (1",
        "SELECT 1)",
        "SELECT (1]",
        "SELECT CASE WHEN (a END)",
    ],
)
def test_where_whitespace_may_mean_something_there_is_no_tree(sql: str) -> None:
    """A line break would end a comment, or join two literals."""
    assert grouped(sql) is None


@settings(max_examples=200)
@given(st.text("abE'\"$()[]-/*, \n\\1", max_size=30))
def test_no_character_is_lost(sql: str) -> None:
    """Not of the strangest statement."""
    assert "".join("".join(texts(sql)).split()) == "".join(sql.split())
