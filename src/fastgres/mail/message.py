"""The message as it goes over the wire: headers that cannot be forged, an id that is stable."""

from __future__ import annotations

import hashlib
import unicodedata
from email.errors import HeaderParseError, NonASCIILocalPartDefect
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final

from fastgres.errors import LetterError

if TYPE_CHECKING:
    from uuid import UUID

    from fastgres.mail.letter import Letter

_LONGEST_SUBJECT: Final = 500


def message_id(key: str | int | UUID, domain: str) -> str:
    """Return the Message-ID of the letter that `key` names: the same for the same key.

    A letter that is sent twice, because it was not known whether the first one had arrived, is
    then recognised as one by who receives it. The key itself cannot be read from it.

    ```python
    from fastgres.mail import message_id

    assert message_id("receipt 7", "shop.example") == message_id("receipt 7", "shop.example")
    assert message_id("receipt 7", "shop.example").endswith("@shop.example>")
    ```
    """
    digest = hashlib.blake2b(str(key).encode(), digest_size=20, person=b"fastgres-mail")
    return f"<{digest.hexdigest()}@{domain}>"


def read_address(text: str) -> Address:
    """Return an address such as `Ada <ada@example.com>`; a domain of other letters as DNS has it.

    Raises:
        LetterError: when it is no single address, or holds what could begin another header.
    """
    _refuse_control("address", text)
    found: dict[str, Any] = {"defects": []}
    try:
        AddressHeader.parse(text, found)
        (address,) = (each for group in found["groups"] for each in group.addresses)
        domain = address.domain.encode("idna").decode()
        strange = [each for each in found["defects"] if type(each) is not NonASCIILocalPartDefect]
        if strange or not (address.username and domain):
            raise ValueError(text)
        return Address(address.display_name, address.username, domain)
    except (ValueError, HeaderParseError, IndexError, UnicodeError) as error:
        raise LetterError(
            "A mail address cannot be read; it must be one address, as ada@example.com or "
            "Ada Lovelace <ada@example.com>. It is not repeated here, for it is somebody's."
        ) from error


def compose(
    letter: Letter,
    *,
    sender: Address,
    to: Address,
    key: str | int | UUID,
    reply_to: Address | None = None,
) -> EmailMessage:
    """Return the message; both forms of the text say the same, the reader shows the better one."""
    _refuse_control("subject", letter.subject)
    if not letter.subject or len(letter.subject) > _LONGEST_SUBJECT:
        raise LetterError(
            f"The subject has {len(letter.subject)} characters; it must have 1 to "
            f"{_LONGEST_SUBJECT}."
        )
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    if reply_to is not None:
        message["Reply-To"] = reply_to
    message["Subject"] = letter.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = message_id(key, sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday reply answers it
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message


def _refuse_control(what: str, text: str) -> None:
    """Refuse line breaks and the like: behind one, a stranger's text would be a header."""
    if any(unicodedata.category(each) in {"Cc", "Zl", "Zp"} for each in text):
        raise LetterError(
            f"The {what} holds a line break or another control character, with which a header "
            "could be forged; take them out where the value comes from."
        )
