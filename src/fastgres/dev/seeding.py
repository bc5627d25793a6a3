"""Fill the database with the project's sample data, showing how far it is."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from fastgres.dev.workplace import Workplace


async def seed(workplace: Workplace, url: str) -> None:
    """Run the project's seed function, which does nothing where data is.

    Raises:
        ConfigurationError: when `[tool.fastgres]` names no seed function.
    """
    fill = workplace.project.load("seed")
    database = workplace.database(url)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, highlight=False)
    reporter = _Reporter(Progress(*columns, TimeElapsedColumn(), console=console))
    try:
        await fill(database, reporter)
    finally:
        reporter.progress.stop()
        await database.close()
    if not reporter.bars:
        console.print("The database has data; nothing to seed.")


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
