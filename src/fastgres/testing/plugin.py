"""The fixtures that every project with fastgres installed has in its tests.

pytest loads this module in every run of every such project, so that nothing heavy is imported
before a fixture is asked for.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING or find_spec("pytest_asyncio"):
    from pytest_asyncio import fixture as async_fixture
else:
    async_fixture = pytest.fixture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx
    from fastapi import FastAPI

    from fastgres.db import Database, Session
    from fastgres.mail import Mailbox
    from fastgres.settings import Project, Settings
    from fastgres.testing.jobs import RunJobs
    from fastgres.testing.template import Prepare
    from fastgres.testing.workshop import SharedDatabase, Workshop


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, so that `--strict-markers` knows it."""
    config.addinivalue_line(
        "markers",
        "clone: give the test a database of its own, with true commits and several connections",
    )


@pytest.fixture(scope="session")
def project(pytestconfig: pytest.Config) -> Project:
    """The project under test, found from the folder in which pytest has its root."""
    from fastgres.settings import Project

    return Project.find(pytestconfig.rootpath)


@pytest.fixture(scope="session")
def postgres_server(project: Project) -> Iterator[str]:
    """The URL of a running server: that of DATABASE_URL, or an embedded one of the tests' own."""
    from fastgres.testing.server import running_server

    with running_server(project) as url:
        yield url


@pytest.fixture(scope="session")
def _workshop(project: Project, postgres_server: str) -> Iterator[Workshop]:
    from fastgres.testing.workshop import Workshop

    workshop = Workshop(project, postgres_server)
    yield workshop
    workshop.close()


@pytest.fixture(scope="session")
def prepare_template(project: Project, _workshop: Workshop) -> Prepare:
    """How the template gets its schema: by the real migrations. Override it to do otherwise.

    Return an async function of the URL of an empty database. The template is made anew when the
    source of that function or the tables of the project change.
    """
    from fastgres.testing.template import RealMigrations

    return RealMigrations(project)


@pytest.fixture(scope="session")
def template_database(_workshop: Workshop, prepare_template: Prepare) -> str:
    """The name of the migrated database that all others are copied from; nobody can connect."""
    return _workshop.template(prepare_template)


@pytest.fixture(scope="session")
def shared_database(_workshop: Workshop, template_database: str) -> Iterator[SharedDatabase]:
    """The copy of the template on which all rolled back tests of this process work in turn."""
    from fastgres.testing.workshop import SharedDatabase

    shared = SharedDatabase(_workshop, template_database)
    yield shared
    shared.close()


@pytest.fixture
def empty_database(_workshop: Workshop) -> Iterator[str]:
    """The URL of a new database without any tables."""
    with _workshop.copy() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, _workshop: Workshop) -> Iterator[str]:
    """The URL of the database of this test. Committing to it is for tests marked `clone`."""
    if request.node.get_closest_marker("clone") is None:
        shared: SharedDatabase = request.getfixturevalue("shared_database")
        yield shared.clean_url()
        return
    with _workshop.copy(request.getfixturevalue("template_database")) as url:
        yield url


@async_fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A real mail server that keeps what the test sends; `settings` then names it as MAIL_URL."""
    from fastgres.mail import Mailbox

    async with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def settings(request: pytest.FixtureRequest, _workshop: Workshop, database_url: str) -> Settings:
    """The project's settings in the environment `test`, on the database of this test.

    No letter leaves a test: there is no MAIL_URL, unless the test asks for the `mailbox`.
    """
    own = _workshop.settings_for(database_url)
    if "mailbox" not in request.fixturenames:
        return own
    mailbox: Mailbox = request.getfixturevalue("mailbox")
    return own.model_copy(update={"mail_url": mailbox.secret_url})


@async_fixture
async def database(
    request: pytest.FixtureRequest, settings: Settings, database_url: str
) -> AsyncIterator[Database]:
    """The migrated database, as if nobody had used it before.

    All sessions share one transaction that is rolled back, unless the test is marked `clone`.
    """
    from fastgres.testing.isolation import pooled, rolled_back

    workshop: Workshop = request.getfixturevalue("_workshop")
    if request.node.get_closest_marker("clone"):
        async with pooled(workshop.database(database_url, settings)) as own:
            yield own
    else:
        async with rolled_back(request.getfixturevalue("shared_database"), settings) as joined:
            yield joined


@async_fixture
async def session(database: Database) -> AsyncIterator[Session]:
    """A session on the database of this test."""
    async with database.session() as session:
        yield session


@pytest.fixture
def app(project: Project, settings: Settings, database: Database) -> FastAPI:
    """The application, made by the project's factory for the database of this test."""
    factory: Any = project.load("app")
    application: FastAPI = factory(settings, database)
    return application


@async_fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client on the running application, without a socket."""
    from fastgres.testing.client import serving

    async with serving(app) as client:
        yield client


@pytest.fixture
def run_jobs(app: FastAPI, database: Database) -> RunJobs:
    """Runs the jobs that the test has enqueued, when it is awaited; raises when one fails."""
    from fastgres.testing.jobs import JobRunner

    return JobRunner(app, database)
