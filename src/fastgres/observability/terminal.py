"""Keep what strangers send from steering the terminal that shows the log."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

_control_characters = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_steering_characters = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_WRITTEN_BY_LIBRARIES = frozenset({"event", "stack"})
"""Keys whose text may have several lines, as the traceback of a failed start does."""


def escape_line(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Escape control characters (C0 and C1) in the text of a line: a structlog processor."""
    for key, value in line.items():
        if isinstance(value, str):
            own = key in _WRITTEN_BY_LIBRARIES
            line[key] = _set_off(escape_lines(value)) if own else escape(value)
    return line


def escape(text: str) -> str:
    r"""Return a text with control characters as `\x1b`, line breaks too."""
    return _control_characters.sub(_written, text)


def escape_lines(text: str) -> str:
    r"""Return a text with control characters as `\x1b`; line breaks and tabs stay.

    ```python
    from fastgres.observability import escape_lines

    assert escape_lines("two\nlines, one \x1b[31mred") == "two\nlines, one \\x1b[31mred"
    ```
    """
    return _steering_characters.sub(_written, text)


def indented(text: str) -> str:
    """Return a text of several lines, none of which steers a terminal or passes for a log line."""
    return f"    {_set_off(escape_lines(text))}"


def _set_off(text: str) -> str:
    return text.replace("\n", "\n    ")


def _written(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
