"""Bad days: what the next charges are to meet."""

from collections import deque
from threading import Lock
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Trouble(BaseModel, extra="forbid"):
    """What happens to the next `times` charges.

    `slow` waits `seconds` and then charges, `fail` answers 500 and charges nothing, `lose_reply`
    charges and then hangs up without a word.
    """

    kind: Literal["slow", "fail", "lose_reply"]
    times: Annotated[int, Field(ge=1, le=1000)] = 1
    seconds: Annotated[float, Field(ge=0, le=60)] = 0.0


class Troubles:
    """The troubles that are still to come, in their order."""

    def __init__(self) -> None:
        self._next: deque[Trouble] = deque()
        self._lock = Lock()

    def arrange(self, trouble: Trouble) -> None:
        """Let the next charges meet it."""
        with self._lock:
            self._next.extend([trouble] * trouble.times)

    def forget(self) -> None:
        """Have good days only."""
        with self._lock:
            self._next.clear()

    def take(self) -> Trouble | None:
        """Return what this charge is to meet."""
        with self._lock:
            return self._next.popleft() if self._next else None
