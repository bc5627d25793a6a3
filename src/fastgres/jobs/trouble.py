"""What a loop of a worker says when the database does not take its statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgres.errors import ProblemError, ServerUnavailableError
from fastgres.observability import Outage

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Trouble:
    """Tell when the trouble of one loop begins and ends, not at each of its tries.

    A server that is away is told of by the connections to it, once for all loops.
    """

    def __init__(self, log: FilteringBoundLogger, what: str) -> None:
        self._log = log
        self._what = what
        self._outage = Outage(log, what, words=("fails", "works again"))

    def met(self, error: ProblemError, **facts: Any) -> None:
        """Take note of a try that failed."""
        if isinstance(error, ServerUnavailableError):
            self._log.debug(f"{self._what} fails", error=error.code, **facts)
        else:
            self._outage.lost(error=error.code, **facts)

    def over(self) -> None:
        """Take note of a try that succeeded."""
        self._outage.found()
