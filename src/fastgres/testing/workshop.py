"""The test databases of one run, for fixtures that are not async."""

from __future__ import annotations

from contextlib import AsyncExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr

from fastgres.db import Database
from fastgres.settings import Settings, load_settings
from fastgres.testing.background import BackgroundLoop
from fastgres.testing.server import provisioning
from fastgres.testing.template import Prepare, ensure_template, metadata_of, recipe_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.settings import Project

# A debugger may stop a test for minutes while its transaction is open.
_NO_LIMIT_ON_TRANSACTIONS = {
    "database_idle_in_transaction_timeout": 0,
    "database_transaction_timeout": 0,
}


class Workshop:
    """Makes the databases of one run on one server, and drops them."""

    def __init__(self, project: Project, url: str) -> None:
        self.project = project
        self._loop = BackgroundLoop()
        self._stack = AsyncExitStack()
        try:
            opening = self._stack.enter_async_context(provisioning(url, project))
            self._provisioner = self._loop.run(opening)
        except BaseException:
            self._loop.close()
            raise

    def close(self) -> None:
        """End the run: what it made may from now on be swept by others."""
        self._loop.run(self._stack.aclose())
        self._loop.close()

    @cached_property
    def _settings(self) -> Settings:
        settings: Settings = load_settings(self.project.load("settings"), environment="test")
        return settings

    def settings_for(self, url: str) -> Settings:
        """Return the project's settings for a test on the database of `url`, without a way out.

        Whatever MAIL_URL says, no test sends a letter to somebody.
        """
        own = {"database_url": SecretStr(url), "mail_url": None}
        return self._settings.model_copy(update=own)

    def database(self, url: str, settings: Settings) -> Database:
        """Return the project's database at `url`, with a pool of its own."""
        return Database(url, settings, metadata=metadata_of(self.project))

    def template(self, prepare: Prepare) -> str:
        """Return the name of the template, made now if no run has made it."""
        digest = recipe_digest(prepare, self.project)
        return self._loop.run(ensure_template(self._provisioner, prepare, digest))

    @contextmanager
    def copy(self, template: str = "template1") -> Iterator[str]:
        """Yield the URL of a copy of a database, dropped afterwards; an empty one by default."""
        name = self._loop.run(self._provisioner.clone(template))
        try:
            yield self._provisioner.url_of(name)
        finally:
            self._loop.run(self._provisioner.drop(name))


class SharedDatabase:
    """The copy of the template on which all rolled back tests of one process work in turn."""

    def __init__(self, workshop: Workshop, template: str) -> None:
        self._workshop = workshop
        self._template = template
        self._open()

    def _open(self) -> None:
        self._copy = self._workshop.copy(self._template)
        url = self._copy.__enter__()
        settings = self._workshop.settings_for(url)
        patient = settings.model_copy(update=_NO_LIMIT_ON_TRANSACTIONS)
        self.database = self._workshop.database(url, patient)
        self.url = url
        self.spoilt = False

    def clean_url(self) -> str:
        """Return the URL of a copy as the template is, replacing one that a test committed to."""
        if self.spoilt:
            self.close()
            self._open()
        return self.url

    def close(self) -> None:
        """Drop the copy."""
        self._copy.__exit__(None, None, None)
