"""Something that is away for a while: told when it goes, now and then, and when it is back."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

REMINDER: Final = 60.0
"""Seconds between two lines about the same outage, at least."""


class Outage:
    """Log one line when something goes away, one when it is back, and a reminder a minute.

    `what` begins the lines, `words` end the first and the last one, `facts` are on each of them.
    Every try may report: what was told is not told again.

    ```python
    from fastgres.observability import Outage, get_logger

    broker = Outage(get_logger(__name__), "broker", host="mq.example")
    broker.lost(error="Connection refused")
    broker.lost(error="Connection refused")
    assert broker.is_on
    broker.found()
    assert not broker.is_on
    ```
    """

    def __init__(
        self,
        log: FilteringBoundLogger,
        what: str,
        *,
        words: tuple[str, str] = ("away", "back"),
        reminder: float = REMINDER,
        **facts: Any,
    ) -> None:
        self._log = log
        self._gone, self._back = (f"{what} {word}" for word in words)
        self._still = f"{what} still {words[0]}"
        self._reminder = reminder
        self.facts = facts
        self._began: float | None = None
        self._told = 0.0
        self._tries = 0
        self._meanwhile: dict[str, None] = {}

    @property
    def is_on(self) -> bool:
        """Whether it is away, as far as anybody has tried."""
        return self._began is not None

    def say_meanwhile(self, consequence: str) -> None:
        """Add to the lines what becomes of the work that needs it."""
        self._meanwhile[consequence] = None

    def lost(self, **why: Any) -> None:
        """Take note of a try that failed."""
        now = monotonic()
        self._tries += 1
        if self._began is None:
            self._began = self._told = now
            self._log.warning(self._gone, **self.facts, **why, **self._consequences())
        elif now - self._told >= self._reminder:
            self._told = now
            lasting = {"seconds": round(now - self._began), "tries": self._tries}
            self._log.warning(self._still, **self.facts, **lasting, **why)
        else:
            self._log.debug(self._still, **self.facts, **why)

    def found(self) -> None:
        """Take note of a try that succeeded."""
        if self._began is None:
            return
        lasting = {"seconds": round(monotonic() - self._began, 1), "tries": self._tries}
        self._began, self._tries = None, 0
        self._log.warning(self._back, **self.facts, **lasting)

    def _consequences(self) -> dict[str, str]:
        return {"meanwhile": "; ".join(self._meanwhile)} if self._meanwhile else {}
