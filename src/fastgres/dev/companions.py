"""What runs beside the service in development: a mailbox, and what the project has of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any, Final

from fastgres.dev.workplace import Workplace
from fastgres.errors import ConfigurationError
from fastgres.settings import Settings

MAIL_LIBRARIES: Final = ("aiosmtpd", "aiosmtplib", "jinja2")

Companions = Callable[[Settings], AbstractContextManager[Mapping[str, Any]]]
"""What `[tool.fastgres] companions` names: it starts something, and yields the settings by which
the service finds it."""


@contextmanager
def accompanied(workplace: Workplace) -> Iterator[tuple[Workplace, str | None]]:
    """Give the workplace with its companions running, and the page of the mailbox.

    They outlast reloads, and end with the block.
    """
    with ExitStack() as stack:
        page = None
        if workplace.settings.mail_url is None and takes_mail():
            from fastgres.dev.mailbox import post_office

            post = stack.enter_context(post_office(workplace.project.state_directory / "mail"))
            workplace, page = workplace.having(mail_url=post.mail_url), post.page
        if workplace.project.companions is not None:
            found = stack.enter_context(_own(workplace))
            workplace = workplace.having(**found)
        yield workplace, page


def takes_mail() -> bool:
    """Return whether the libraries for mail are here; who has not installed them sends none."""
    return all(find_spec(name) for name in MAIL_LIBRARIES)


def _own(workplace: Workplace) -> AbstractContextManager[Mapping[str, Any]]:
    companions: Companions = workplace.project.load("companions")
    started = companions(workplace.settings)
    if not isinstance(started, AbstractContextManager):
        raise ConfigurationError(
            f"[tool.fastgres] companions = {workplace.project.companions!r} gave a "
            f"{type(started).__name__}; name a function decorated with @contextmanager that takes "
            "the settings, starts what the service needs beside it, and yields a dict of settings."
        )
    return started
