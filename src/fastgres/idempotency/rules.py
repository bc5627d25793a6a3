"""What an idempotent route is asked to do, checked when it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastgres.errors import ConfigurationError
from fastgres.idempotency.answers import NEVER

LONGEST: Final = timedelta(days=30)
METHODS: Final = frozenset({"POST", "PATCH"})
"""Those that are not idempotent by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What `idempotent()` takes, apart from who asks."""

    required: bool = True
    lifetime: timedelta = timedelta(hours=24)
    stored: frozenset[int] = frozenset()
    methods: frozenset[str] = METHODS
    lock: timedelta = timedelta(seconds=90)

    def __post_init__(self) -> None:
        """Refuse what would do harm."""
        if not timedelta() < self.lifetime <= LONGEST:
            raise ConfigurationError(
                f"idempotent(lifetime={self.lifetime}) is not possible: answers are kept for more "
                f"than nothing and at most {LONGEST.days} days."
            )
        if self.lock <= timedelta():
            raise ConfigurationError(f"idempotent(lock={self.lock}) is no time to hold a key for.")
        wrong = sorted(one for one in self.stored if not 400 <= one < 500 or one in NEVER)
        if wrong:
            raise ConfigurationError(
                f"idempotent(stored={wrong}) is not possible: 2xx and 3xx are stored anyway, and "
                f"{', '.join(map(str, sorted(NEVER)))} and 5xx never, as a retry may fare better. "
                "Name statuses such as 402, 404 or 409 with which the effect of the handler is "
                "rolled back or wanted as it is."
            )

    def stores(self, status: int) -> bool:
        """Tell whether a response with this status is stored with its effect."""
        return 200 <= status < 400 or status in self.stored
