"""Mail: letters from templates, handed in by SMTP, and a mailbox that takes them meanwhile."""

from fastgres.mail.letter import Letter, Letters
from fastgres.mail.mailbox import Mailbox
from fastgres.mail.mailer import Mailer
from fastgres.mail.message import message_id
from fastgres.mail.received import Received

__all__ = ["Letter", "Letters", "Mailbox", "Mailer", "Received", "message_id"]
