"""Fill the database with the project's sample data, showing how far it is."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from fastgres.dev.workplace import Workplace


async def seed(workplace: Workplace, url: str) -> bool:
    """Run the project's seed function; False when it reported nothing, as where data is.

    The function that `[tool.fastgres]` names takes the database, without limits of time, and a
    `report(stage, done, total)` that it calls as it goes on.

    Raises:
        ConfigurationError: when the project names no seed function.

    ```python
    from collections.abc import Callable

    from fastgres.db import Database
    from fastgres.dev import Workplace, seed

    async def fill(database: Database, report: Callable[[str, int, int], None]) -> None:
        report("customers", 10, 10)

    async def run(workplace: Workplace, url: str) -> None:
        await seed(workplace, url)

    assert callable(run)
    ```
    """
    fill = workplace.project.load("seed")
    database = workplace.database(url)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}/{task.total:,}"),
        TimeElapsedColumn(),
    )
    reporter = _Reporter(Progress(*columns, console=Console(stderr=True)))
    try:
        await fill(database, reporter)
    finally:
        reporter.progress.stop()
        await database.close()
    return bool(reporter.bars)


class _Reporter:
    """Show one bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.bars: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.progress.start()
        if stage not in self.bars:
            self.bars[stage] = self.progress.add_task(f"Seeding {stage}", total=total)
        self.progress.update(self.bars[stage], completed=done, total=total)
