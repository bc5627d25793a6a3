"""Passwords that attackers try first, from leaks: a list that ships with the package.

Those of 8 characters and more out of the most frequent passwords in the lists that Django and
zxcvbn ship; both go back to published leaks (Royce Williams, Mark Burnett).
"""

from __future__ import annotations

import lzma
import re
from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("leaked.txt.xz")
_DECORATION = re.compile(r"^[^a-z]*|[^a-z]*$")
_SHORTEST = 8


def is_leaked(password: str) -> bool:
    """Tell whether it is on the list, whatever the case of its letters.

    Also with digits and signs around it: these are tried next.
    """
    asked = password.casefold()
    bare = _DECORATION.sub("", asked)
    known = leaked_passwords()
    return asked in known or (len(bare) >= _SHORTEST and bare in known) or len(set(asked)) == 1


@cache
def leaked_passwords() -> frozenset[str]:
    """Return the list, read when it is first asked for."""
    return frozenset(lzma.decompress(_LIST.read_bytes()).decode().split("\n"))
