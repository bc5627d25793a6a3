"""The statement of pgbench is the one that the others run."""

from __future__ import annotations

import pytest

from bench.contestants import sql
from bench.errors import BenchError
from bench.pgbench import read, script_of

SAID = """\
transaction type: page.sql
number of transactions actually processed: 8123
number of failed transactions: 0 (0.000%)
latency average = 0.493 ms
tps = 8119.402117 (without initial connection time)
"""


def test_parameters_become_variables() -> None:
    """And nothing else of the statement changes."""
    assert (
        script_of("SELECT $1::int, '$' WHERE a = $12") == "SELECT :p1::int, '$' WHERE a = :p12;\n"
    )


@pytest.mark.parametrize("statement", [sql.FLAT, sql.NESTED, sql.PAGE, sql.DEEP, sql.SEARCH])
def test_no_other_word_looks_like_a_variable(statement: str) -> None:
    """A variable is replaced wherever it stands, within quotes too."""
    assert ":p" not in statement


def test_count_and_rate_are_read() -> None:
    """The database's CPU time is shared out over the count."""
    assert read(SAID) == (8123, 8119.402117)


def test_no_transactions_are_an_error() -> None:
    """A limit of nothing would divide by zero further on."""
    with pytest.raises(BenchError, match="nothing about transactions"):
        read("pgbench: error")
