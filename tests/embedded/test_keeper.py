"""The server comes with the first user and goes with the last, whoever dies in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fastgres.embedded import Cluster, acquire, find_programs
from tests.embedded.processes import Holder, Keeping, eventually, is_alive, query

STARTED = "SELECT pg_postmaster_start_time()"
# A loop that waits for nothing, and so does not notice that its postmaster has died.
BUSY = "DO $$ BEGIN LOOP END LOOP; END $$"

Hold = Callable[..., Holder]


def run_busy(cluster: Cluster) -> subprocess.Popen[bytes]:
    """Keep a backend busy; return its client once it is."""
    client = subprocess.Popen(
        [find_programs().directory / "psql", "-Xqd", cluster.url(), "-c", BUSY],
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: query(cluster.url(), f"{ACTIVE} LIKE 'DO %'") == "1")
    return client


ACTIVE = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query"


def test_two_processes_share_one_server(cluster: Cluster, hold: Hold) -> None:
    """The second user finds the server of the first."""
    url = hold().wait_until_ready()
    assert url == cluster.url()
    assert query(url, STARTED) == query(cluster.url(), STARTED)


def test_the_last_to_release_stops_the_server(
    directory: Path, keeping: Keeping, hold: Hold
) -> None:
    """One of two users leaves: the server stays. The other leaves: it stops."""
    first, second = hold(), hold()
    url = first.wait_until_ready()
    second.wait_until_ready()
    postmaster, keeper = keeping.postmaster, keeping.keeper
    first.end()
    assert query(url, "SELECT 1") == "1"
    second.end()
    assert not is_alive(postmaster)
    eventually(lambda: not is_alive(keeper))
    assert not (directory / "data" / "postmaster.pid").exists()


def test_four_processes_that_start_at_once_get_one_server(hold: Hold) -> None:
    """Nobody makes the data directory twice, nobody meets half of it."""
    holders = [hold() for _ in range(4)]
    urls = {holder.wait_until_ready() for holder in holders}
    assert len({query(url, STARTED) for url in urls}) == 1


def test_server_goes_when_its_user_is_killed(keeping: Keeping, hold: Hold) -> None:
    """The kernel gives the lease of a killed process back."""
    holder = hold()
    holder.wait_until_ready()
    postmaster, keeper = keeping.postmaster, keeping.keeper
    holder.end(signal.SIGKILL)
    eventually(lambda: not is_alive(postmaster))
    eventually(lambda: not is_alive(keeper))


def test_server_goes_although_a_forked_child_of_its_user_lives(
    keeping: Keeping, hold: Hold
) -> None:
    """A worker that outlives its killed parent holds no lease."""
    holder = hold("fork")
    holder.wait_until_ready()
    postmaster = keeping.postmaster
    holder.process.kill()
    try:
        eventually(lambda: not is_alive(postmaster))
        assert is_alive(holder.child)
    finally:
        os.kill(holder.child, signal.SIGKILL)


def test_server_stays_when_the_terminal_interrupts_who_started_it(
    directory: Path, keeping: Keeping, hold: Hold
) -> None:
    """Ctrl-C reaches a whole process group, but not the keeper and the server."""
    first = hold()
    first.wait_until_ready()
    postmaster = keeping.postmaster
    with acquire(directory, durable=False) as second:
        os.killpg(first.process.pid, signal.SIGINT)
        first.process.wait()
        assert query(second.url(), "SELECT 1") == "1"
        assert keeping.postmaster == postmaster


def test_killed_server_comes_back(directory: Path, keeping: Keeping) -> None:
    """The keeper restarts a server that was killed, at the same address, with its data."""
    with acquire(directory) as cluster:
        query(cluster.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
        killed = keeping.postmaster
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: query(cluster.url(), "SELECT answer FROM kept") == "42")
        assert keeping.postmaster != killed


def test_killed_server_comes_back_twice(cluster: Cluster, keeping: Keeping) -> None:
    """The keeper does not tire."""
    for _ in range(2):
        os.kill(keeping.postmaster, signal.SIGKILL)
        eventually(lambda: query(cluster.url(), "SELECT 1") == "1")


def test_killed_server_comes_back_past_a_busy_backend(cluster: Cluster, keeping: Keeping) -> None:
    """A backend that outlives its postmaster would keep the next one out; it is ended."""
    client = run_busy(cluster)
    os.kill(keeping.postmaster, signal.SIGKILL)
    eventually(lambda: query(cluster.url(), "SELECT 1") == "1")
    client.wait()


def test_server_ends_with_a_killed_keeper_and_starts_anew(
    directory: Path, cluster: Cluster, keeping: Keeping
) -> None:
    """Nobody would stop a server without a keeper; the next user gets a new one."""
    keeper, postmaster = keeping.keeper, keeping.postmaster
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not is_alive(keeper))
    with acquire(directory, durable=False) as again:
        assert not is_alive(postmaster)
        assert query(again.url(), "SELECT 1") == "1"
        assert keeping.postmaster != postmaster


def test_next_user_copes_with_everything_killed_but_a_busy_backend(
    directory: Path, cluster: Cluster, keeping: Keeping
) -> None:
    """A stale postmaster.pid, shared memory in use, no keeper."""
    client = run_busy(cluster)
    keeper, postmaster = keeping.keeper, keeping.postmaster
    os.kill(keeper, signal.SIGSTOP)  # it must not restart what is killed next
    os.kill(postmaster, signal.SIGKILL)
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not is_alive(keeper) and not is_alive(postmaster))
    with acquire(directory, durable=False) as again:
        assert query(again.url(), "SELECT 1") == "1"
    client.wait()


def test_next_user_copes_with_a_server_whose_keeper_never_asked_the_kernel(
    directory: Path, cluster: Cluster, keeping: Keeping
) -> None:
    """A stopped postmaster hears no signal: it stands for platforms without a parent's death."""
    keeper, postmaster = keeping.keeper, keeping.postmaster
    os.kill(postmaster, signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not is_alive(keeper))
    os.kill(postmaster, signal.SIGCONT)
    with acquire(directory, durable=False) as again:
        assert query(again.url(), "SELECT 1") == "1"
        assert keeping.postmaster != postmaster


def test_terminated_keeper_stops_the_server(cluster: Cluster, keeping: Keeping) -> None:
    """A machine that shuts down sends SIGTERM to everyone; the server ends in good order."""
    keeper, postmaster = keeping.keeper, keeping.postmaster
    os.kill(keeper, signal.SIGTERM)
    eventually(lambda: not is_alive(keeper))
    assert not is_alive(postmaster)
    log = (cluster.directory / "server.log").read_text()
    assert "database system is shut down" in log


def test_server_ends_when_its_directory_is_removed(
    directory: Path, cluster: Cluster, keeping: Keeping
) -> None:
    """`rm -r` below a running server: the server goes, and a new one can take the place."""
    keeper, postmaster = keeping.keeper, keeping.postmaster
    shutil.rmtree(directory)
    eventually(lambda: not is_alive(keeper))
    assert not is_alive(postmaster)
    with acquire(directory, durable=False) as again:
        assert query(again.url(), "SELECT 1") == "1"


@pytest.mark.parametrize("round_", range(5))
def test_users_that_come_while_the_server_stops_get_a_new_one(
    round_: int, made: Path, hold: Hold
) -> None:
    """Coming and going at once, in several processes, is never an error."""
    for _ in range(4):
        holder = hold()
        with acquire(made, durable=False) as mine:
            assert query(mine.url(), "SELECT 1") == "1"
            mine.release(wait=bool(round_ % 2))
        assert query(holder.wait_until_ready(), "SELECT 1") == "1"
        holder.end(signal.SIGKILL if round_ % 3 else None)
