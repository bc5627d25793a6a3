"""What may become a password: long, not known to have leaked, not the owner's own data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fastgres.errors import FieldProblem, InvalidValueError
from fastgres.passwords.argon2 import LARGEST, in_bytes
from fastgres.passwords.leaked import is_leaked

SHORTEST: Final = 8
"""Characters that a password needs (ASVS 5.0, 6.2.1)."""

_TELLING: Final = 4
"""Characters from which on a name of the owner in the password counts."""


def refuse_weak(
    password: str,
    *,
    about: Iterable[str] = (),
    location: tuple[str | int, ...] = ("body", "password"),
) -> None:
    """Raise `InvalidValueError` (422) for what should not become a password; say why.

    Refused are less than 8 characters, more than 1,024 bytes, the passwords of known leaks, and
    what consists of the owner's own data and little else: give their name and e-mail address in
    `about`. There are no rules about kinds of characters: they make passwords worse (ASVS 5.0,
    6.2.5). `location` is where the password stood in the request.

    ```python
    import pytest
    from fastgres.errors import InvalidValueError
    from fastgres.passwords import refuse_weak

    refuse_weak("correct horse battery staple", about=["ada@example.com"])
    with pytest.raises(InvalidValueError, match="known"):
        refuse_weak("iloveyou123")
    ```
    """
    code, why = _fault_of(password, about)
    if code:
        problem = FieldProblem(location, code, why)
        raise InvalidValueError(why, fields=[problem])


def _fault_of(password: str, about: Iterable[str]) -> tuple[str, str]:
    try:
        size = len(in_bytes(password)) if len(password) <= LARGEST else LARGEST + 1
    except UnicodeEncodeError:
        return "not_text", "The password contains half a character."
    if len(password) < SHORTEST:
        return "too_short", f"A password needs {SHORTEST} characters or more."
    if size > LARGEST:
        return "too_long", f"A password has {LARGEST:,} bytes at most."
    if is_leaked(password):
        return "leaked", "This password is known from leaks and among the first that are tried."
    if _tells(password.casefold(), about):
        return "personal", "The password consists of your own name or address."
    return "", ""


def _tells(password: str, about: Iterable[str]) -> bool:
    """Tell whether little is left of it without the owner's own words."""
    rest = password
    for word in sorted(_words(about), key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(rest) < len(password) and len(rest) < SHORTEST - _TELLING


def _words(about: Iterable[str]) -> set[str]:
    parts = {part for text in about for part in re.split(r"[\W_]+", text.casefold())}
    return {word for word in parts | {text.casefold() for text in about} if len(word) >= _TELLING}
