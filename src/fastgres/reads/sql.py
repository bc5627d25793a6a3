"""The SQL text of the reads: constants of JSON, and the shapes of times."""

from typing import Final

ONLY_PYTHON: Final = "chr(1)"
"""Written in place of a value that SQL must not answer for: a null where the model allows none, a
time beyond Python's. JSON never holds this character raw, so that it is found in the body, and
the read is done again by the ORM and Pydantic, which answer as they would have."""

RETURNED: Final = "fastgres_returned"
"""The name of a row that an INSERT or UPDATE returns, which no table and no relationship has."""

MARK: Final = b"\x01"
"""`ONLY_PYTHON`, as it arrives."""

NULL: Final = "'null'"
"""A null, written out."""

QUOTE: Final = "'\"'"
"""What stands around a text of JSON."""

EMPTY: Final = "''"
"""No text at all."""

COMMA: Final = "','"
"""What stands between the items of an array."""

MOMENT: Final = "'YYYY-MM-DD\"T\"HH24:MI:SS.US'"
"""A timestamp without zone, with all six digits of its microseconds."""

UTC_MOMENT: Final = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''
"""A timestamp in UTC, with all six digits and the letter that says so."""

TIME: Final = "'HH24:MI:SS.US'"
"""A time of day, with all six digits."""

NO_MICROSECONDS: Final = "'.000000'"
"""What Pydantic leaves out of a time when there are none."""

NO_UTC_MICROSECONDS: Final = "'.000000Z'"
"""The same at the end of a timestamp in UTC, `Z` included."""

Z: Final = "'Z'"
"""UTC, in few letters."""

UTF8: Final = "'UTF8'"
"""The encoding of JSON (RFC 8259, 8.1)."""

UTC: Final = "'UTC'"
"""The zone in which Pydantic writes what asyncpg gives."""

FIRST_DAY: Final = "'0001-01-01'"
"""The first day that Python has."""

AFTER_LAST_DAY: Final = "'10000-01-01'"
"""The day after the last one that Python has."""

FIRST_MOMENT: Final = "'0001-01-01 00:00:00+00'"
"""The first moment that Python has."""

AFTER_LAST_MOMENT: Final = "'10000-01-01 00:00:00+00'"
"""The moment after the last one that Python has."""

MIDNIGHT_AFTER: Final = "'24:00'"
"""The time at the end of a day, which Python has not."""

NAN: Final = "'NaN'"
"""A numeric that is no number."""

NO_NUMBERS: Final = "('NaN', 'Infinity', '-Infinity')"
"""What floats and numerics may be besides numbers."""

# What is explained is run, and must change nothing.
EXPLAIN: Final = "EXPLAIN (ANALYZE, BUFFERS, SETTINGS) "
READ_ONLY: Final = "SET TRANSACTION READ ONLY"


def separator(text: str) -> str:
    """Return what stands between two objects, as SQL."""
    return "chr(10)" if text == "\n" else quoted(text)


def quoted(text: str) -> str:
    """Return a text as an SQL string, which means the same however the server takes backslashes.

    In two, which a line break makes one, where SQLAlchemy 2.0 would take `%(a)s` for a parameter.
    """
    inside = text.replace("'", "''").replace("%(", "%'\n'(")
    return "E'" + inside.replace("\\", "\\\\") + "'" if "\\" in text else f"'{inside}'"
