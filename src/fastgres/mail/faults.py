"""What a mail server's trouble means for the letter: send it again, or never."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fastgres.errors import MailError, MailRefusedError, MailUnavailableError

if TYPE_CHECKING:
    from aiosmtplib import SMTPException

_ADDRESS: Final = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_LONGEST: Final = 300
_NOT_THE_LETTERS_FAULT: Final = frozenset({530, 534, 535, 538})
"""Replies that ask for a login or refuse ours: once that is mended, the same letter is taken."""


def fault_of(error: SMTPException) -> MailError:
    """Return our error for one of aiosmtplib.

    Only a server that refuses this letter by 5xx, its sender, its recipient or its content, is
    asked no more. No connection, no login, no TLS, or a connection that breaks while the letter is
    on its way: it is sent again, with the same Message-ID.
    """
    from aiosmtplib import (
        SMTPDataError,
        SMTPRecipientRefused,
        SMTPRecipientsRefused,
        SMTPResponseException,
        SMTPSenderRefused,
    )

    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        return fault_of(error.recipients[0])
    if not isinstance(error, SMTPResponseException):
        return MailUnavailableError(f"{_what(error)}: {_shown(str(error))}.")
    said = f"{_what(error)}: the mail server said {error.code} {_shown(error.message)}."
    about_the_letter = isinstance(error, SMTPDataError | SMTPRecipientRefused | SMTPSenderRefused)
    if about_the_letter and error.code >= 500 and error.code not in _NOT_THE_LETTERS_FAULT:
        return MailRefusedError(said)
    return MailUnavailableError(said)


def _what(error: Exception) -> str:
    name = type(error).__name__.removeprefix("SMTP").removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _shown(text: str) -> str:
    """Return what a server said without anybody's address, which has no place in a log."""
    line = _ADDRESS.sub("(an address)", " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
