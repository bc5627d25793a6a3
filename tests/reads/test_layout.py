"""SQL laid out for reading."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from fastgres.reads import Reads
from fastgres.reads.grouping import tokens_of
from fastgres.reads.layout import WIDTH, laid_out
from tests.models import Book
from tests.reads.shelf import BookRead, stock

if TYPE_CHECKING:
    from fastgres.db import Session


def shown(sql: str) -> str:
    """Return the statement laid out, with a line break in front as texts here have."""
    return f"\n{laid_out(sql)}\n"


def test_subselects_are_indented_and_values_stand_beside_their_keys() -> None:
    """Two calls around a subselect take no lines of their own."""
    sql = (
        "SELECT concat('{\"id\":', books.id, ',\"copies\":[', array_to_string(array(("
        "SELECT concat('{\"number\":', copies.number, '}') AS concat_2 \nFROM copies \nWHERE "
        "copies.book_id = books.id ORDER BY copies.number)), ','), ']}') AS concat_1 \nFROM books "
        "WHERE books.id = $1::UUID"
    )
    assert shown(sql) == dedent(
        """
        SELECT concat(
          '{"id":', books.id,
          ',"copies":[', array_to_string(array((
            SELECT concat('{"number":', copies.number, '}') AS concat_2
            FROM copies
            WHERE copies.book_id = books.id
            ORDER BY copies.number
          )), ','),
          ']}'
        ) AS concat_1
        FROM books
        WHERE books.id = $1::UUID
        """
    )


def test_a_long_condition_is_broken_at_and_and_or() -> None:
    """The AND of BETWEEN stays where it is."""
    long = "a_column_with_quite_a_name"
    sql = (
        f"SELECT 1 FROM t LEFT OUTER JOIN u ON t.id = u.id WHERE t.{long} BETWEEN $1 AND $2 AND "
        f"(t.{long} IS DISTINCT FROM $3 OR u.id IS NULL) AND (EXISTS (SELECT 1 FROM v)) LIMIT 1"
    )
    assert shown(sql) == dedent(
        """
        SELECT 1
        FROM t
        LEFT OUTER JOIN u ON t.id = u.id
        WHERE
          t.a_column_with_quite_a_name BETWEEN $1 AND $2
          AND (t.a_column_with_quite_a_name IS DISTINCT FROM $3 OR u.id IS NULL)
          AND (EXISTS (
            SELECT 1
            FROM v
          ))
        LIMIT 1
        """
    )


def test_a_long_case_has_a_line_for_each_branch() -> None:
    """And what fits a line stays on it."""
    sql = (
        "SELECT concat(',\"at\":\"', CASE WHEN (t.created_at < '0001-01-01') THEN chr(1) ELSE "
        "to_char(timezone('UTC', t.created_at), 'YYYY-MM-DD\"T\"HH24:MI:SS') END) FROM t"
    )
    assert shown(sql) == dedent(
        """
        SELECT concat(
          ',"at":"', CASE
            WHEN (t.created_at < '0001-01-01') THEN chr(1)
            ELSE to_char(timezone('UTC', t.created_at), 'YYYY-MM-DD"T"HH24:MI:SS')
          END
        )
        FROM t
        """
    )


def test_statements_that_come_first_are_laid_out_too() -> None:
    """SQLAlchemy puts the CTE of a condition in front of the whole."""
    sql = "WITH dear AS (SELECT id FROM books WHERE price > $1) SELECT a, b FROM dear"
    assert shown(sql) == dedent(
        """
        WITH dear AS (
          SELECT id
          FROM books
          WHERE price > $1
        )
        SELECT a, b
        FROM dear
        """
    )


def test_what_must_not_be_moved_stays_as_it_is() -> None:
    """A comment ends with its line."""
    sql = "SELECT a, -- the first (\n b FROM t "
    assert laid_out(sql) == sql.strip()


WORDS = "SELECT FROM WHERE ORDER GROUP BY AND OR BETWEEN WHEN ELSE JOIN LEFT concat , x.y $1::INT +"
PARTS = st.sampled_from([*WORDS.split(), "'a b'", "'line\nbreak'", '"A b"', "WITH", "AS"])
NESTED = st.recursive(
    st.lists(PARTS, max_size=12).map(" ".join),
    lambda inner: st.lists(
        st.one_of(PARTS, inner, inner.map("({})".format), inner.map("CASE {} END".format)),
        max_size=8,
    ).map(" ".join),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(NESTED)
def test_nothing_but_whitespace_changes(sql: str) -> None:
    """Whatever stands where."""
    assert [token.text for token in tokens_of(laid_out(sql))] == [
        token.text for token in tokens_of(sql)
    ]


async def test_postgres_plans_the_same(session: Session) -> None:
    """The layout of a nested read is the statement itself."""
    (first, *_) = await stock(session)
    sql = Reads(Book, BookRead).explain(Book.price < 3).sql
    assert sql is not None
    laid = laid_out(sql)
    assert len(laid.splitlines()) > 40
    assert max(map(len, laid.splitlines())) <= WIDTH
    plans = [
        await session.scalars(
            text(f"EXPLAIN (VERBOSE) {each.replace('$1', '3')}".replace(":", r"\:"))
        )
        for each in (sql, laid)
    ]
    assert plans[0].all() == plans[1].all()
    assert (
        first.title in (await Reads(Book, BookRead).one(session, Book.id == first.id)).value().title
    )
