"""The revisions on a real database."""

from fastgres.migrations import Migrator
from fastgres.settings import Project, Settings
from shop.models import Base


async def test_up_down_and_up_again(
    empty_database: str, project: Project, settings: Settings
) -> None:
    """Every revision can be undone, and what they make is what the models say."""
    migrator = Migrator(empty_database, project, Base.metadata, settings=settings)

    await migrator.upgrade()
    await migrator.check()
    await migrator.downgrade("base")
    await migrator.upgrade()

    assert await migrator.at_head()
