"""The PostgreSQL of the benchmark, and the data set in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench import sql
from bench.errors import BenchError
from bench.places import POSTGRES, SEED
from fastgres.embedded import Cluster, acquire

NAME = "bench"


@dataclass(frozen=True, slots=True)
class Database:
    """The running server and the way to it."""

    url: str
    version: str
    programs: Path
    postmaster: int
    """The process that is the parent of all others of the server."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs of all languages find it."""
        query = parse_qs(urlsplit(self.url).query)
        return {
            "DATABASE_URL": self.url,
            "PGHOST": query["host"][0],
            "PGPORT": query["port"][0],
            "PGUSER": urlsplit(self.url).username or "",
            "PGDATABASE": NAME,
        }


@contextmanager
def running() -> Iterator[Database]:
    """Keep the embedded PostgreSQL with the data set in it; the data stay for the next run."""
    with acquire(POSTGRES) as cluster:
        seed = hashlib.sha256(SEED.read_bytes()).hexdigest()
        if _seed_of(cluster) != seed:
            _psql(cluster, "postgres", "--command", sql.DROP)
            cluster.ensure_database(NAME)
            _psql(cluster, NAME, "--variable", f"seed={seed}", "--file", str(SEED))
        postmaster = int(_psql(cluster, NAME, "--command", sql.POSTMASTER))
        yield Database(cluster.url(NAME), cluster.version, cluster.programs, postmaster)


def _seed_of(cluster: Cluster) -> str | None:
    """Return the mark of the data set that is there; a half-made one has none."""
    try:
        return _psql(cluster, NAME, "--command", sql.SEED)
    except BenchError:
        return None


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
