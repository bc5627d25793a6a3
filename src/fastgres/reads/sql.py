"""The SQL text of the reads: constants of JSON, and the shapes of times."""

from typing import Final

ONLY_PYTHON: Final = "chr(1)"
"""Written in place of a value that SQL must not answer for: a null where the model allows none, a
time beyond Python's. JSON never holds this character raw, so that it is found in the body, and
the read is done again by the ORM and Pydantic, which answer as they would have."""

MARK: Final = b"\x01"
"""`ONLY_PYTHON`, as it arrives."""

NULL: Final = "'null'"
QUOTE: Final = "'\"'"
EMPTY: Final = "''"
COMMA: Final = "','"

MOMENT: Final = "'YYYY-MM-DD\"T\"HH24:MI:SS.US'"
UTC_MOMENT: Final = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''
TIME: Final = "'HH24:MI:SS.US'"
NO_MICROSECONDS: Final = "'.000000'"
NO_UTC_MICROSECONDS: Final = "'.000000Z'"
Z: Final = "'Z'"
UTC: Final = "'UTC'"

FIRST_DAY: Final = "'0001-01-01'"
AFTER_LAST_DAY: Final = "'10000-01-01'"
FIRST_MOMENT: Final = "'0001-01-01 00:00:00+00'"
AFTER_LAST_MOMENT: Final = "'10000-01-01 00:00:00+00'"
MIDNIGHT_AFTER: Final = "'24:00'"

NAN: Final = "'NaN'"
NO_NUMBERS: Final = "('NaN', 'Infinity', '-Infinity')"

# What is explained is run, and must change nothing.
EXPLAIN: Final = "EXPLAIN (ANALYZE, BUFFERS, SETTINGS) "
READ_ONLY: Final = "SET TRANSACTION READ ONLY"


def separator(text: str) -> str:
    """Return what stands between two objects, as SQL."""
    return "chr(10)" if text == "\n" else quoted(text)


def quoted(text: str) -> str:
    """Return a text as an SQL string, which means the same however the server takes backslashes."""
    inside = text.replace("'", "''")
    return "E'" + inside.replace("\\", "\\\\") + "'" if "\\" in text else f"'{inside}'"
