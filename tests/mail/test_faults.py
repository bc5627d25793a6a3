"""What trouble means for the letter."""

from __future__ import annotations

import pytest
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from fastgres.errors import MailRefusedError, MailUnavailableError
from fastgres.mail.faults import fault_of


@pytest.mark.parametrize(
    "error",
    [
        SMTPDataError(554, "5.7.1 spam"),
        SMTPSenderRefused(553, "5.1.8 no such domain", "a@b"),
        SMTPRecipientRefused(550, "5.1.1 no such user", "a@b"),
        SMTPRecipientsRefused([SMTPRecipientRefused(550, "5.1.1 no such user", "a@b")]),
    ],
)
def test_a_letter_that_is_refused_for_good(error: SMTPException) -> None:
    """Its sender, its recipient, or what it says."""
    assert type(fault_of(error)) is MailRefusedError


@pytest.mark.parametrize(
    "error",
    [
        SMTPDataError(452, "4.3.1 disk full"),
        SMTPRecipientsRefused([SMTPRecipientRefused(450, "4.2.0 greylisted", "a@b")]),
        SMTPAuthenticationError(535, "5.7.8 bad password"),
        SMTPSenderRefused(530, "5.7.0 login first", "a@b"),
        SMTPConnectResponseError(554, "no service here"),
        SMTPHeloError(501, "who are you"),
        SMTPServerDisconnected("gone"),
        SMTPNotSupported("no STARTTLS"),
    ],
)
def test_a_letter_that_may_be_taken_later(error: SMTPException) -> None:
    """Where the server, the way to it or the login is at fault."""
    assert type(fault_of(error)) is MailUnavailableError


def test_what_is_said_is_bounded_and_names_nobody() -> None:
    """It ends up in logs, and in the row of the job."""
    told = str(fault_of(SMTPDataError(554, "for <ada@example.com>:\r\n" + "x" * 5000)))
    assert len(told) < 500
    assert "ada@" not in told
    assert "\n" not in told
