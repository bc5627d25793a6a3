"""The server on which tests run: the one of `DATABASE_URL`, or an embedded one of their own."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import make_url

from fastgres.db import Database
from fastgres.errors import FastgresError, IsolationError
from fastgres.settings import Settings, load_settings, mask_credentials
from fastgres.testing.provisioner import Mark, Provisioner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fastgres.settings import Project

_UNHURRIED: Final = {
    "database_statement_timeout": 0,
    "database_lock_timeout": 0,
    "database_idle_in_transaction_timeout": 0,
    "database_transaction_timeout": 0,
}


class AmbientSettings(Settings):
    """What the environment says before the tests put their own values in its place."""

    enforced: ClassVar[bool] = False


@contextmanager
def running_server(project: Project) -> Iterator[str]:
    """Yield the URL of the server's database `postgres`, from which others are made.

    The database that `DATABASE_URL` names is never connected to.
    """
    ambient = load_settings(AmbientSettings)
    if ambient.is_production:
        message = (
            "ENVIRONMENT is 'production' here, and tests make and drop databases. They never run "
            "beside production: unset ENVIRONMENT, and point DATABASE_URL at another server."
        )
        raise IsolationError(message)
    if ambient.database_url is not None:
        yield _maintenance_url(ambient.database_url.get_secret_value())
        return
    from fastgres.embedded import acquire

    directory = project.state_directory / "test-postgres"
    with acquire(directory, programs=ambient.postgres_bin, durable=False) as cluster:
        yield _maintenance_url(cluster.url())


def _maintenance_url(url: str) -> str:
    return make_url(url).set(database="postgres").render_as_string(hide_password=False)


@asynccontextmanager
async def provisioning(url: str, project: Project) -> AsyncIterator[Provisioner]:
    """Yield a provisioner on the server of `url`; its connection is the run's sign of life."""
    settings = load_settings(Settings, environment="test").model_copy(update=_UNHURRIED)
    database = Database(url, settings)
    try:
        async with database.engine.connect() as connection:
            unbuffered = await connection.execution_options(isolation_level="AUTOCOMMIT")
            mark = Mark(project=project.root.name, root=str(project.root))
            provisioner = Provisioner(unbuffered, url, mark)
            await provisioner.open()
            yield provisioner
    except FastgresError as error:
        if isinstance(error, IsolationError):
            raise
        message = f"The test server at {mask_credentials(url)} cannot be used: {error.__cause__}."
        raise IsolationError(message) from error
    finally:
        await database.close()
