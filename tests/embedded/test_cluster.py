"""What a user of a cluster gets: a server for him alone, its databases, and a URL."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.embedded import Cluster, acquire, find_programs
from fastgres.errors import EmbeddedError, FastgresError
from tests.embedded.processes import Holder, Keeping, eventually, is_alive, query

SYSTEM = Path("/usr/lib/postgresql/15/bin")


def test_server_listens_on_a_socket_only(shared_cluster: Cluster) -> None:
    """No port for other users of the machine, let alone the network."""
    assert query(shared_cluster.url(), "SHOW listen_addresses") == ""
    assert query(shared_cluster.url(), "SELECT inet_server_addr() IS NULL") == "t"


def test_socket_and_data_are_private(directory: Path, cluster: Cluster) -> None:
    """Directories of mode 0700, and none of ours readable to others."""
    for private in (directory / "run", directory / "data"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.stat().st_mode) & 0o066 == 0
    for file in ("lease", "keeper", "start", "server.log"):
        assert stat.S_IMODE((directory / file).stat().st_mode) == 0o600


def test_another_user_cannot_connect(shared_cluster: Cluster, outsider: int) -> None:
    """The same psql, the same URL, another account."""
    assert query(shared_cluster.url(), "SELECT 1", user=0) == "1"
    refused = query(shared_cluster.url(), "SELECT 1", user=outsider)
    assert refused.startswith("ERROR")
    assert "Permission denied" in refused


def test_data_survive_a_restart(directory: Path) -> None:
    """What was committed is there next time."""
    with acquire(directory) as first:
        query(first.url(), "CREATE TABLE kept AS SELECT 'grün' AS word")
    with acquire(directory) as second:
        assert query(second.url(), "SELECT word FROM kept") == "grün"


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
def test_durability_is_chosen(directory: Path, durable: bool, expected: str) -> None:
    """Safe by default, fast for tests."""
    with acquire(directory, durable=durable) as cluster:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert query(cluster.url(), f"SHOW {setting}") == expected


def test_durable_user_refuses_a_forgetful_server(shared_cluster: Cluster) -> None:
    """A promise that a running server cannot keep is not made."""
    with pytest.raises(EmbeddedError, match="fsync off"):
        acquire(shared_cluster.directory)


def test_time_text_and_letters_do_not_depend_on_the_machine(shared_cluster: Cluster) -> None:
    """UTC, UTF-8, order by code point, and letters beyond ASCII known as such."""
    url = shared_cluster.url()
    assert query(url, "SHOW timezone") == "UTC"
    assert query(url, "SHOW server_encoding") == "UTF8"
    assert query(url, "SELECT 'Z' < 'a', upper('é')") == "t|É"


def test_ensure_database_makes_it_once(shared_cluster: Cluster) -> None:
    """Asking again is no error, and the data stay."""
    shared_cluster.ensure_database("shop")
    query(shared_cluster.url("shop"), "CREATE TABLE kept ()")
    shared_cluster.ensure_database("shop")
    assert query(shared_cluster.url("shop"), "SELECT count(*) FROM kept") == "0"


def test_ensure_database_bears_a_race(shared_cluster: Cluster) -> None:
    """Eight ask at once; all return, one database is there."""
    errors: list[Exception] = []

    def ask() -> None:
        try:
            shared_cluster.ensure_database("race")
        except FastgresError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert query(shared_cluster.url("race"), "SELECT current_database()") == "race"


@pytest.mark.parametrize(
    "name", ["Shop", 'a"b', "a'b; DROP DATABASE x", "ä ö", "-x", "$(id)", "a/b?c"]
)
def test_any_name_that_postgres_allows_is_a_name(shared_cluster: Cluster, name: str) -> None:
    """The name is data on its whole way."""
    shared_cluster.ensure_database(name)
    shared_cluster.ensure_database(name)
    assert query(shared_cluster.url(name), "SELECT current_database()") == name


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "ä" * 32])
def test_name_that_postgres_would_refuse_or_cut_is_refused(
    shared_cluster: Cluster, name: str
) -> None:
    """PostgreSQL would shorten a long name silently."""
    with pytest.raises(EmbeddedError, match="cannot name a database"):
        shared_cluster.ensure_database(name)


async def test_url_serves_asyncpg_and_sqlalchemy(
    shared_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read it, and a PGPORT in the environment does not lead them astray."""
    monkeypatch.setenv("PGPORT", "1")
    connection = await asyncpg.connect(shared_cluster.url())
    assert await connection.fetchval("SELECT current_user") == "fastgres"
    await connection.close()
    engine = create_async_engine(shared_cluster.url().replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as session:
        assert (await session.exec_driver_sql("SELECT current_user")).scalar() == "fastgres"
    await engine.dispose()


def test_environment_of_the_user_does_not_bend_the_server(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGDATA and the like belong to other servers, PYTHONPATH to other programs."""
    for name in ("PGDATA", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGOPTIONS", "PGTZ"):
        monkeypatch.setenv(name, "nonsense")
    monkeypatch.setenv("PYTHONPATH", "nonsense")
    monkeypatch.setenv("LC_ALL", "nonsense")
    with acquire(directory, durable=False) as cluster:
        cluster.ensure_database("shop")
    monkeypatch.undo()
    with acquire(directory, durable=False) as cluster:
        assert query(cluster.url("shop"), "SHOW timezone") == "UTC"


def test_version_and_programs_are_those_of_the_server(shared_cluster: Cluster) -> None:
    """What `db shell` starts fits what runs."""
    assert query(shared_cluster.url(), "SHOW server_version").split()[0] == shared_cluster.version
    assert (shared_cluster.programs / "psql").exists()


def test_release_twice_is_once(cluster: Cluster) -> None:
    """Nobody has to remember whether he has released."""
    cluster.release()
    cluster.release()


def test_release_waits_for_the_end_unless_told_not_to(directory: Path, keeping: Keeping) -> None:
    """A caller that deletes the directory next waits; one in a hurry does not, and it ends too."""
    with acquire(directory, durable=False):
        postmaster = keeping.postmaster
    assert not is_alive(postmaster)
    hasty = acquire(directory, durable=False)
    postmaster = keeping.postmaster
    hasty.release(wait=False)
    eventually(lambda: not is_alive(postmaster))


def test_process_that_forgets_to_release_ends_the_server(directory: Path, keeping: Keeping) -> None:
    """Leaving is enough."""
    program = f"""
from pathlib import Path
from fastgres.embedded import acquire
acquire(Path({str(directory)!r}), durable=False)
print(open({str(directory / "data" / "postmaster.pid")!r}).readline())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    eventually(lambda: not is_alive(int(done.stdout)))


def test_relative_directory_is_one_of_the_working_directory(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that changes its directory later keeps its server."""
    monkeypatch.chdir(place)
    with acquire(Path("deep/postgres"), durable=False) as cluster:
        monkeypatch.chdir("/")
        assert cluster.directory == place / "deep" / "postgres"
        assert query(cluster.url(), "SELECT 1") == "1"


@pytest.mark.skipif(not SYSTEM.exists(), reason="needs PostgreSQL 15 as Debian packages it")
def test_programs_of_the_system_serve_as_well(directory: Path) -> None:
    """The wheel is one way to have the programs."""
    with acquire(directory, programs=SYSTEM, durable=False) as cluster:
        cluster.ensure_database("shop")
        assert cluster.version.startswith("15.")
        assert query(cluster.url("shop"), "SELECT upper('é'), 'Z' < 'a'") == "É|t"


@pytest.mark.skipif(not SYSTEM.exists(), reason="needs PostgreSQL 15 as Debian packages it")
def test_data_of_another_version_are_refused_with_both_versions(directory: Path) -> None:
    """The message says what made the data, what is here, and what to do."""
    with acquire(directory, programs=SYSTEM, durable=False):
        pass
    if find_programs().major == 15:
        pytest.skip("needs programs of a second version")
    with pytest.raises(EmbeddedError) as caught:
        acquire(directory, durable=False)
    assert "made by PostgreSQL 15" in str(caught.value)
    assert f"are PostgreSQL {find_programs().version}" in str(caught.value)
    assert "POSTGRES_BIN=/usr/lib/postgresql/15/bin" in str(caught.value)


def test_user_without_programs_of_his_own_joins_a_running_server(
    place: Path, directory: Path, hold: Callable[..., Holder]
) -> None:
    """Only who starts the server needs what it is started with."""
    hold().wait_until_ready()
    with acquire(directory, programs=place / "nowhere", durable=False) as cluster:
        assert query(cluster.url(), "SELECT 1") == "1"


def test_directory_that_cannot_be_made_is_an_error_that_says_so(place: Path) -> None:
    """The operating system's words, and what to do."""
    (place / "file").touch()
    with pytest.raises(EmbeddedError, match="EMBEDDED_DIRECTORY"):
        acquire(place / "file" / "postgres")


def test_child_of_a_fork_releases_nothing(cluster: Cluster) -> None:
    """The lease is the parent's; a child that leaves politely does not take it along."""
    child = os.fork()
    if not child:
        cluster.release()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert query(cluster.url(), "SELECT 1") == "1"
