"""The template: one database with the schema in it, made once and copied ever after."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastgres import __version__
from fastgres.tables import definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Dialect, MetaData

    from fastgres.settings import Project
    from fastgres.testing.provisioner import Provisioner

Prepare = Callable[[str], Awaitable[None]]


class RealMigrations:
    """Prepares the template with the migrations that production runs."""

    def __init__(self, project: Project) -> None:
        self.project = project

    async def __call__(self, url: str) -> None:
        """Upgrade the database of `url` to the newest revision."""
        from fastgres.migrations import Migrator

        await Migrator(url, self.project, metadata_of(self.project)).upgrade()


def metadata_of(project: Project) -> MetaData:
    """Return the tables that the project names: a declarative class or a MetaData."""
    named: Any = project.load("metadata")
    metadata: MetaData = getattr(named, "metadata", named)
    return metadata


def recipe_digest(prepare: Prepare, project: Project) -> str:
    """Return what changes whenever the template would come out differently."""
    if isinstance(prepare, RealMigrations):
        parts = folder_parts(project.migrations)
    else:
        parts = schema_parts(prepare, metadata_of(project))
    return fingerprint([__version__.encode(), definitions().encode(), *parts])


def fingerprint(parts: Iterable[bytes]) -> str:
    """Return twelve hexadecimal digits that change with any of the parts."""
    digest = hashlib.blake2b(digest_size=6)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def folder_parts(folder: Path) -> Iterator[bytes]:
    """Yield names and contents of all files below a folder, compiled and hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith((".", "__pycache__")) for part in relative.parts)
        if path.is_file() and not hidden:
            yield relative.as_posix().encode()
            yield path.read_bytes()


def schema_parts(prepare: Prepare, metadata: MetaData) -> Iterator[bytes]:
    """Yield what a schema made by a function of the project depends on."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    yield inspect.getsource(prepare if inspect.isroutine(prepare) else type(prepare)).encode()
    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).encode()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).encode()


async def ensure_template(provisioner: Provisioner, prepare: Prepare, digest: str) -> str:
    """Return the name of the template for `digest`, making it if no run has made it yet.

    Of several processes that ask at once, one makes it and the others wait. The template is in
    use by this run until its connection ends; those that this checkout no longer needs go.
    """
    role = await provisioner.role()
    name = provisioner.prefix + fingerprint([digest.encode(), role.encode()])
    await provisioner.lock(_use_lock(name), shared=True)
    if await provisioner.mark_of(name) is None:
        async with provisioner.locked(f"make {name}"):
            if await provisioner.mark_of(name) is None:
                await _make(provisioner, prepare, name)
    await _drop_stale(provisioner, name)
    return name


async def _make(provisioner: Provisioner, prepare: Prepare, name: str) -> None:
    draft = await provisioner.clone()
    try:
        await prepare(provisioner.url_of(draft))
        await provisioner.publish(draft, name)
    except BaseException as error:
        await provisioner.drop(draft)
        if isinstance(error, Exception):
            error.add_note(f"Raised while the template database {name!r} of the tests was made.")
        raise


async def _drop_stale(provisioner: Provisioner, current: str) -> None:
    for name, mark, users in await provisioner.marked():
        stale = mark.run is None and mark.root == provisioner.mark.root and name != current
        if stale:
            await provisioner.drop_unused(name, users, _use_lock(name))


def _use_lock(name: str) -> str:
    return f"use {name}"
