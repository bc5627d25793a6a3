"""The PostgreSQL of the benchmark, the data set in it, and a database to write to."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from bench import sql
from bench.errors import BenchError
from bench.places import DATA, POSTGRES
from fastgres.embedded import Cluster, acquire
from fastgres.tables import LATEST, definitions, upgrade

READ = "bench"
"""Its rows are never changed."""
WRITTEN = "bench_writes"
"""The same tables with nothing ordered, emptied before every measurement of writes."""

_FILES = {
    READ: ("tables.sql", "shop.sql", "orders.sql", "indexes.sql", "mark.sql"),
    WRITTEN: ("tables.sql", "shop.sql", "indexes.sql", "mark.sql"),
}


@dataclass(frozen=True, slots=True)
class Database:
    """The running server and the way to one of its databases."""

    url: str
    version: str
    programs: Path
    postmaster: int
    """The process that is the parent of all others of the server."""
    written: str
    """The URL of the database to write to."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs of all languages find it."""
        parts = urlsplit(self.url)
        query = parse_qs(parts.query)
        return {
            "DATABASE_URL": self.url,
            "PGHOST": query["host"][0],
            "PGPORT": query["port"][0],
            "PGUSER": parts.username or "",
            "PGDATABASE": parts.path.removeprefix("/"),
        }

    def to_write(self) -> Database:
        """Return the database whose rows may be changed."""
        return replace(self, url=self.written)

    def reset(self) -> None:
        """Forget what was written, so that everybody begins with the same tables."""
        asyncio.run(_reset(self.written))


@contextmanager
def running() -> Iterator[Database]:
    """Keep the embedded PostgreSQL with the data set in it; the data stay for the next run."""
    with acquire(POSTGRES) as cluster:
        for name, files in _FILES.items():
            _fill(cluster, name, [DATA / file for file in files])
        postmaster = int(_psql(cluster, READ, "--command", sql.POSTMASTER))
        written = cluster.url(WRITTEN)
        yield Database(cluster.url(READ), cluster.version, cluster.programs, postmaster, written)


def _fill(cluster: Cluster, name: str, files: Sequence[Path]) -> None:
    """Make a database unless it is there, made of the same; fastgres's tables are in it too."""
    text = "".join(file.read_text(encoding="utf-8") for file in files) + definitions() + sql.KEEP
    seed = hashlib.sha256(text.encode()).hexdigest()
    if _seed_of(cluster, name) == seed:
        return
    _psql(cluster, "postgres", "--command", sql.DROP.format(name=name))
    cluster.ensure_database(name)
    asyncio.run(_add_tables_of_fastgres(cluster.url(name)))
    *rows, mark = (f"--file={file}" for file in files)
    kept = ["--command", sql.KEEP] if name == WRITTEN else []
    _psql(cluster, name, "--variable", f"seed={seed}", *rows, *kept, mark)


def _seed_of(cluster: Cluster, name: str) -> str | None:
    """Return the mark of the data set that is there; a half-made one has none."""
    try:
        return _psql(cluster, name, "--command", sql.SEED)
    except BenchError:
        return None


async def _add_tables_of_fastgres(url: str) -> None:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, LATEST)
    await engine.dispose()


async def _reset(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in sql.RESET:
            await connection.execute(statement)
    finally:
        await connection.close()


def _psql(cluster: Cluster, database: str, *arguments: str) -> str:
    """Run psql to its end and return what it printed."""
    done = subprocess.run(  # noqa: S603 - psql we found, with arguments of our own
        [
            *(str(cluster.programs / "psql"), "--no-psqlrc", "--quiet", "--tuples-only"),
            *("--no-align", "--dbname", cluster.url(database), *arguments),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
    )
    if done.returncode != 0:
        raise BenchError(f"psql failed on the database {database!r}:\n{done.stderr.strip()}")
    return done.stdout.strip()
