"""The project at hand with its settings, and the address of its database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import FastAPI
from sqlalchemy import MetaData

from fastgres.app import EMBEDDED_DATABASE, embedded_directory
from fastgres.db import Database
from fastgres.embedded import acquire, find_url
from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.migrations import Migrator
from fastgres.settings import Project, Settings, load_settings


@dataclass(frozen=True)
class Workplace:
    """Hold the project that commands work on, and give them its database.

    ```python
    from pathlib import Path

    from fastgres.dev import Workplace
    from fastgres.settings import Project

    project = Project(root=Path.cwd(), app="shop.main:create_app", metadata="shop.models:Base")
    workplace = Workplace(project, settings)
    assert "orders" in workplace.metadata.tables
    ```
    """

    project: Project
    settings: Settings
    given: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def here(cls, **values: Any) -> Workplace:
        """Return that of the working directory; `values` win over the environment.

        Raises:
            ConfigurationError: outside of a project, or when its settings have faults.
        """
        project = Project.find()
        return cls(project, load_settings(project.load("settings"), **values), values)

    def having(self, **values: Any) -> Workplace:
        """Return the same with other settings, for this process and for those that it starts.

        Raises:
            ConfigurationError: when a value has a fault.
            UnknownNameError: when the service has no such setting.
        """
        for name in values:
            if name not in type(self.settings).model_fields:
                raise UnknownNameError("setting", name, type(self.settings).model_fields)
        settings = load_settings(type(self.settings), **(dict(self.settings) | values))
        return replace(self, settings=settings, given={**self.given, **values})

    @property
    def is_embedded(self) -> bool:
        """Whether the database is on the embedded server."""
        return self.settings.database_url is None

    @property
    def metadata(self) -> MetaData:
        """The tables of the project's models."""
        models = self.project.load("metadata")
        metadata = getattr(models, "metadata", models)
        if not isinstance(metadata, MetaData):
            raise ConfigurationError(
                f"[tool.fastgres] metadata = {self.project.metadata!r} is a "
                f"{type(models).__name__}; name the declarative base or its MetaData."
            )
        return metadata

    def make_application(self) -> FastAPI:
        """Return the service, made by its factory with these settings."""
        factory = self.project.load("app")
        if isinstance(factory, FastAPI):
            raise ConfigurationError(
                f"[tool.fastgres] app = {self.project.app!r} is an application; name the function "
                "that makes it, `create_app(settings: Settings | None = None) -> FastAPI`."
            )
        application: FastAPI = factory(self.settings)
        return application

    @contextmanager
    def address(self) -> Iterator[str]:
        """Give the URL of the database; the embedded server runs at least as long."""
        if self.settings.database_url is not None:
            yield self.settings.database_url.get_secret_value()
            return
        directory = embedded_directory(self.settings)
        with acquire(directory, programs=self.settings.postgres_bin) as cluster:
            cluster.ensure_database(EMBEDDED_DATABASE)
            yield cluster.url(EMBEDDED_DATABASE)

    @property
    def url(self) -> str:
        """The URL of the database; nothing is started for it.

        Raises:
            EmbeddedError: when the embedded server has not been made yet.
        """
        if self.settings.database_url is not None:
            return self.settings.database_url.get_secret_value()
        return find_url(embedded_directory(self.settings), EMBEDDED_DATABASE)

    def migrator(self, url: str) -> Migrator:
        """Return what moves the schema at `url`."""
        return Migrator(url, self.project, metadata=self.metadata, settings=self.settings)

    @property
    def patient(self) -> Settings:
        """The settings without limits of time, for work that no client awaits."""
        unlimited = (
            "database_statement_timeout",
            "database_transaction_timeout",
            "database_idle_in_transaction_timeout",
        )
        return self.settings.model_copy(update=dict.fromkeys(unlimited, 0.0))

    def database(self, url: str) -> Database:
        """Return the database at `url`, patient with long work."""
        return Database(url, self.patient, metadata=self.metadata)
