"""The revisions on disk: their order, and what a database still lacks of them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from fastgres.errors import MigrationError
from fastgres.migrations.config import alembic_config, require_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.script import Script

    from fastgres.settings import Project


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file; `message` is the first line of its docstring."""

    id: str
    message: str
    path: Path

    def __str__(self) -> str:
        """Return how messages name it."""
        return f"{self.id!r} ({self.message})"


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands: its revisions, the newest on disk, and what lies between.

    ```python
    from pathlib import Path
    from fastgres.migrations import Revision, Status

    pending = (Revision("b2", "add orders", Path("versions/add_orders.py")),)
    status = Status(current=("a1",), heads=("b2",), pending=pending)
    assert not status.at_head
    ```
    """

    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[Revision, ...]

    @property
    def at_head(self) -> bool:
        """Whether the database has every revision on disk."""
        return set(self.current) == set(self.heads)


class Revisions:
    """The folder of revisions of one project, read once."""

    def __init__(self, project: Project) -> None:
        require_folder(project)
        with readable_errors():
            self._scripts = ScriptDirectory.from_config(alembic_config(project))
            self.heads = tuple(self._scripts.get_heads())

    def require_one_head(self) -> None:
        """Raise when two revisions both claim to be the newest."""
        if len(self.heads) <= 1:
            return
        newest = sorted(
            (self._read(self._scripts.get_revision(head)) for head in self.heads),
            key=lambda revision: revision.path.name,
        )
        keep, move = newest[-2], newest[-1]
        message = (
            f"The migrations have {len(newest)} heads, {' and '.join(map(str, newest))}: they were "
            "written side by side, and nobody knows which runs first. Put the one that is applied "
            f'nowhere yet behind the other: in {move.path} set `down_revision = "{keep.id}"`.'
        )
        raise MigrationError(message)

    def status(self, current: Sequence[str]) -> Status:
        """Return where a database at `current` stands; it must not be newer than the code."""
        unknown = [revision for revision in current if not self.knows(revision)]
        if unknown:
            message = (
                f"The database is at revision {', '.join(map(repr, unknown))}, which is not in "
                f"{self._scripts.dir}: the database is newer than this code. Run the code that "
                "has it (pull, or deploy the newer release). If the revision was thrown away in "
                "development, `fastgres db reset` makes the database anew."
            )
            raise MigrationError(message)
        return Status(tuple(current), self.heads, self._pending(current))

    def knows(self, revision: str) -> bool:
        """Return whether a revision of exactly this id is on disk."""
        with readable_errors():
            known = {script.revision for script in self._scripts.walk_revisions()}
        return revision in known

    def _pending(self, current: Sequence[str]) -> tuple[Revision, ...]:
        with readable_errors():
            scripts = [
                script
                for script in self._scripts.iterate_revisions(
                    "heads", tuple(current) or "base", implicit_base=True
                )
                if script.revision not in current
            ]
        return tuple(self._read(script) for script in reversed(scripts))

    @staticmethod
    def _read(script: Script) -> Revision:
        return Revision(script.revision, script.doc, Path(script.path))


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn what Alembic raises for its users into our error, its words kept."""
    try:
        yield
    except CommandError as error:
        raise MigrationError(str(error)) from error
