"""The keeper: the process that runs the server for as long as somebody holds a lease.

It is nobody's child and no user's responsibility. Users hold the lease shared; the kernel gives
it back however they die. The keeper tries to have it alone, and when it can, nobody is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from typing import Final

from fastgres.embedded.account import Account, environment
from fastgres.embedded.locks import FileLock
from fastgres.embedded.server import Server, stop

_POLL: Final = 0.1
_PATIENCE: Final = 1.0
_ATTEMPTS: Final = 5
_LONGEST_REST: Final = 3.0
_PR_SET_PDEATHSIG: Final = 1


class Keeper:
    """Runs one server, restarts it when it dies, and ends with the last lease."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.lease = FileLock(server.directory / "lease")
        self.lock = FileLock(server.directory / "keeper")
        self._told_to_stop = False
        self._has_served = False
        self._failures = 0

    def take_office(self) -> bool:
        """Become the one keeper of the directory, unless there is one."""
        deadline = time.monotonic() + _PATIENCE
        while not self.lock.try_alone():  # a user that looks for a keeper has it for a moment
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        self.lock.write("")
        signal.signal(signal.SIGTERM, self._stop_soon)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return True

    def run(self) -> None:
        """Keep the server up until nobody needs it, or it cannot be started at all."""
        while self._should_start():
            self.server.end_strays()
            self.lock.write(self.server.to_json())  # from now on, a server that answers is ours
            self._watch(_start(self.server))
        if self.server.has_borrowed_sockets:
            with contextlib.suppress(OSError):
                self.server.sockets.rmdir()

    def _watch(self, postmaster: int) -> None:
        """Return when the server has ended, by itself or because its time was over."""
        was_ready = False
        while not os.waitpid(postmaster, os.WNOHANG)[0]:
            if self._is_over():
                stop(postmaster)
                return
            was_ready = was_ready or self.server.is_ready
            time.sleep(_POLL)
        self._has_served = self._has_served or was_ready
        self._failures = 0 if was_ready else self._failures + 1

    def _should_start(self) -> bool:
        """Whether to start the server now, after a rest if the last start failed.

        One that never came up is given up, so that its users learn why; one that has served is
        not, because its users are still there.
        """
        if self._failures >= _ATTEMPTS and not self._has_served:
            return False
        self._rest()
        return not self._is_over()

    def _rest(self) -> None:
        """Wait longer after each start that came to nothing; not at all after one that did."""
        seconds = min(_POLL * 2**self._failures, _LONGEST_REST) if self._failures else 0.0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._is_over():
            time.sleep(_POLL)

    def _is_over(self) -> bool:
        return self._told_to_stop or not self.lock.is_in_place or self.lease.try_alone()

    def _stop_soon(self, _signal: int, _frame: object) -> None:
        self._told_to_stop = True


def main() -> int:
    """Fork a keeper and return once it is in office: 0, or 1 when it is not."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return 0 if os.read(reading, 1) else 1
    os.close(reading)
    keeper = Keeper(Server.from_json(sys.argv[1]))
    if keeper.take_office():
        os.write(writing, b"+")
        os.close(writing)
        keeper.run()
    return 0


def _start(server: Server) -> int:
    """Start the server as a child that the kernel stops if we die; return its process id."""
    keeper = os.getpid()
    kernel = _kernel()
    postmaster = os.fork()  # safe here: a keeper has one thread
    if postmaster:
        return postmaster
    try:
        _restore_signals()
        _become(server.account)
        if kernel:
            kernel.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        os.chdir(server.data)
        if os.getppid() == keeper:
            os.execve(server.command[0], server.command, environment())  # noqa: S606 - no shell meant
    except OSError as error:
        os.write(2, f"cannot start {server.command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _kernel() -> ctypes.CDLL | None:
    """Return what can make the server end with us; elsewhere the next keeper ends it."""
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _become(account: Account) -> None:
    if not account.is_self:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)


def _restore_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
