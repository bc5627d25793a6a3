"""What a worker has done since it started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class WorkerStats:
    """Count what became of the jobs of one worker.

    `failed` attempts will be tried again, `dead` jobs will not. `stolen` attempts had lost their
    lease when they ended; `rescued` jobs were taken from workers that stood still. `postponed` ones
    wait for a release that knows them, `released` ones were given back at the end.

    ```python
    from fastgres.jobs import Worker, WorkerStats

    stats: WorkerStats = await Worker(database, []).drain()
    assert stats.done == 0
    ```
    """

    claimed: int = 0
    done: int = 0
    failed: int = 0
    dead: int = 0
    stolen: int = 0
    rescued: int = 0
    postponed: int = 0
    released: int = 0
