"""When a scheduled job is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from fastgres.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression in a time zone; daylight saving as Debian's cron does it.

    ```python
    from datetime import UTC, datetime
    from fastgres.jobs import Cron

    nightly = Cron("30 2 * * *", "Europe/Berlin")
    assert nightly.next(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 0, 30, tzinfo=UTC)
    ```
    """

    expression: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse what is no expression or no zone, where it is written."""
        try:
            self.next(dt.datetime.now(dt.UTC))
        except (CronSimError, StopIteration) as error:
            why = str(error) or "it never comes"
            raise ConfigurationError(
                f"The schedule {self.expression!r} cannot be read: {why}. "
                "A job on it would never run. Write minute, hour, day of month, month and day of "
                "week: '*/5 * * * *' is every five minutes."
            ) from error
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigurationError(
                f"The schedule {self.expression!r} has the time zone {self.timezone!r}, which this "
                "machine does not know. Give a name such as 'Europe/Berlin'."
            ) from error

    def next(self, moment: dt.datetime) -> dt.datetime:
        """Return the first tick after a moment, in UTC."""
        return self._step(moment, reverse=False)

    def latest(self, moment: dt.datetime) -> dt.datetime:
        """Return the last tick up to a moment, in UTC."""
        return self._step(moment + dt.timedelta(microseconds=1), reverse=True)

    def _step(self, moment: dt.datetime, *, reverse: bool) -> dt.datetime:
        local = moment.astimezone(ZoneInfo(self.timezone))
        return next(CronSim(self.expression, local, reverse=reverse)).astimezone(dt.UTC)
