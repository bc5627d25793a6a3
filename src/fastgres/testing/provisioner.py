"""Making and dropping test databases, and never anybody else's."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url

from fastgres.errors import IsolationError
from fastgres.testing import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection

PREFIX: Final = "fastgres_test_"
_LOCK_POLL: Final = 0.05


def family_prefix(project: str) -> str:
    """Return how the names of all test databases of a project start."""
    slug = re.sub(r"[^a-z0-9]+", "_", project.lower()).strip("_")[:20]
    return f"{PREFIX}{slug or 'project'}_"


@dataclass(frozen=True, slots=True)
class Mark:
    """The comment that makes a database ours: whose it is, and which run needs it.

    A template has no run: it stays for the next one.
    """

    project: str
    root: str
    run: str | None = None
    fastgres: str = "test database"

    def written(self) -> str:
        """Return the comment to store."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, comment: str | None) -> Mark | None:
        """Return the mark in a comment, or None when the comment is not one of ours."""
        try:
            mark = cls(**json.loads(comment or ""))
        except (TypeError, ValueError):
            return None
        return mark if mark.fastgres == "test database" else None


class Provisioner:
    """Makes and drops databases on one server, over one connection held for the whole run.

    The run holds a lock named after itself for as long as it lives, so that a later run can
    tell databases in use from those that a killed run left behind.
    """

    def __init__(self, connection: AsyncConnection, url: str, mark: Mark) -> None:
        self._connection = connection
        self._url = make_url(url)
        self._numbers = count(1)
        self.run = secrets.token_hex(4)
        self.mark = mark
        self.prefix = family_prefix(mark.project)

    async def open(self) -> None:
        """Check that databases may be made here, mark this run as alive, and sweep."""
        if not await self._scalar(sql.MAY_CREATE):
            role = await self._scalar(sql.CURRENT_ROLE)
            message = (
                f"The role {role!r} of DATABASE_URL may not create databases. Tests make databases "
                "of their own and never touch the one named in the URL. Allow it with "
                f'`ALTER ROLE "{role}" CREATEDB;`, or unset DATABASE_URL to use the embedded '
                "PostgreSQL."
            )
            raise IsolationError(message)
        await self.lock(_run_lock(self.run))
        await self._drop_abandoned()

    def url_of(self, name: str) -> str:
        """Return the URL of a database on this server, password included."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    async def role(self) -> str:
        """Return the role that will own what is made."""
        return str(await self._scalar(sql.CURRENT_ROLE))

    async def clone(self, template: str = "template1") -> str:
        """Copy a template for this run and return the name of the copy."""
        name = f"{self.prefix}{self.run}_{next(self._numbers)}"
        await self._execute(sql.create_database(name, template))
        await self.write_mark(name, Mark(self.mark.project, self.mark.root, self.run))
        return name

    async def drop(self, name: str) -> None:
        """Drop a database that carries our name and our mark; refuse any other."""
        mark = await self.mark_of(name)
        if not name.startswith(PREFIX) or mark is None:
            message = (
                f"Refusing to drop the database {name!r}: its name must start with {PREFIX!r} and "
                "its comment must say that fastgres made it. It may hold real data."
            )
            raise IsolationError(message)
        await self._execute(sql.drop_database(name))

    async def publish(self, name: str, template: str) -> None:
        """Turn a finished database into a template: closed, marked for no run, then renamed."""
        await self._execute(sql.close_to_connections(name))
        await self.write_mark(name, self.mark)
        await self._execute(sql.rename_database(name, template))

    async def mark_of(self, name: str) -> Mark | None:
        """Return the mark of a database, or None when it is missing or not ours."""
        return Mark.read(await self._scalar(sql.COMMENT, name=name))

    async def write_mark(self, name: str, mark: Mark) -> None:
        """Store the mark as the comment of the database."""
        statement = await self._scalar(sql.QUOTED_COMMENT, name=name, comment=mark.written())
        await self._connection.exec_driver_sql(str(statement))

    async def marked(self) -> list[tuple[str, Mark, int]]:
        """List our databases of this project: name, mark and number of connections."""
        rows = await self._connection.execute(sql.OWN_DATABASES, {"prefix": self.prefix})
        marks = [(str(name), Mark.read(comment), int(users)) for name, comment, users in rows]
        return [
            (name, mark, users)
            for name, mark, users in marks
            if mark is not None and mark.project == self.mark.project
        ]

    async def lock(self, name: str, *, shared: bool = False) -> None:
        """Wait for a lock and keep it until `unlock` or the end of the run."""
        while not await self.try_lock(name, shared=shared):  # noqa: ASYNC110 - held by others
            await asyncio.sleep(_LOCK_POLL)

    async def try_lock(self, name: str, *, shared: bool = False) -> bool:
        """Take a lock if nobody has it."""
        statement = sql.TRY_SHARED_LOCK if shared else sql.TRY_LOCK
        return bool(await self._scalar(statement, lock=name))

    async def unlock(self, name: str) -> None:
        """Give back a lock taken with `lock` or `try_lock`; shared ones end with the run."""
        await self._scalar(sql.UNLOCK, lock=name)

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[None]:
        """Hold a lock for a block."""
        await self.lock(name)
        try:
            yield
        finally:
            await self.unlock(name)

    async def drop_unused(self, name: str, users: int, lock: str) -> None:
        """Drop a leftover unless somebody is connected to it or holds `lock`."""
        if users or not await self.try_lock(lock):
            return
        try:
            if await self.mark_of(name) is not None:
                await self.drop(name)
        finally:
            await self.unlock(lock)

    async def _drop_abandoned(self) -> None:
        for name, mark, users in await self.marked():
            if mark.run is not None and mark.run != self.run:
                await self.drop_unused(name, users, _run_lock(mark.run))

    async def _execute(self, statement: TextClause) -> None:
        await self._connection.execute(statement)

    async def _scalar(self, statement: TextClause, **values: object) -> str | None:
        return (await self._connection.execute(statement, values)).scalar()


def _run_lock(run: str) -> str:
    return f"fastgres test run {run}"
