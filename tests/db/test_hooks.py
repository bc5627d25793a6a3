"""What runs after COMMIT: when, in which order, and when never."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from fastgres.errors import ConfigurationError, ProblemError
from fastgres.observability import configure_logging
from fastgres.settings import Settings
from tests.models import Author

if TYPE_CHECKING:
    from fastgres.db import Database, Session
    from fastgres.db.hooks import Hook

COUNT = select(func.count()).select_from(Author)


class Diary:
    """Hooks that write down that they ran."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def says(self, word: str) -> Hook:
        """Return a hook."""

        async def hook() -> None:
            self.said.append(word)

        return hook


@pytest.fixture
def diary() -> Diary:
    """Nothing has run."""
    return Diary()


def ada() -> Author:
    return Author(name="Ada", email="ada@example.com")


async def test_hooks_run_in_their_order_after_the_outermost_unit(
    session: Session, diary: Diary
) -> None:
    async with session.begin():
        session.after_commit(diary.says("first"))
        async with session.begin():
            session.after_commit(diary.says("second"))
            async with session.begin():
                session.after_commit(diary.says("third"))
        session.after_commit(diary.says("fourth"))
        assert diary.said == []
    assert diary.said == ["first", "second", "third", "fourth"]


@pytest.mark.clone
async def test_a_hook_finds_the_work_committed(database: Database) -> None:
    seen: list[int | None] = []

    async def look() -> None:
        async with database.session() as other:
            seen.append(await other.scalar(COUNT))

    async with database.session() as session, session.begin():
        session.add(ada())
        session.after_commit(look)
    assert seen == [1]


async def test_a_hook_runs_in_a_unit_that_adopted_the_transaction_of_a_read(
    session: Session, diary: Diary
) -> None:
    await session.scalar(COUNT)
    async with session.begin():
        session.after_commit(diary.says("told"))
    assert diary.said == ["told"]


@pytest.mark.parametrize("adopted", [False, True])
async def test_a_rollback_forgets_the_hooks(
    session: Session, diary: Diary, *, adopted: bool
) -> None:
    if adopted:
        await session.scalar(COUNT)
    with pytest.raises(ZeroDivisionError):
        async with session.begin():
            session.after_commit(diary.says("never"))
            async with session.begin():
                session.after_commit(diary.says("never"))
            raise ZeroDivisionError
    async with session.begin():
        session.after_commit(diary.says("the next"))
    assert diary.said == ["the next"]


async def test_a_savepoint_that_was_rolled_back_takes_its_hooks_along(
    session: Session, diary: Diary
) -> None:
    async with session.begin():
        session.after_commit(diary.says("outer"))
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                session.after_commit(diary.says("never"))
                async with session.begin():
                    session.after_commit(diary.says("never"))
                raise ZeroDivisionError
        async with session.begin():
            session.after_commit(diary.says("inner"))
    assert diary.said == ["outer", "inner"]


async def test_savepoints_of_sqlalchemy_count_too(session: Session, diary: Diary) -> None:
    async with session.begin():
        savepoint = await session.begin_nested()
        session.after_commit(diary.says("never"))
        await savepoint.rollback()
        async with session.begin_nested():
            session.after_commit(diary.says("told"))
    assert diary.said == ["told"]


@pytest.mark.clone
async def test_a_commit_that_is_refused_runs_no_hook(session: Session, diary: Diary) -> None:
    await session.execute(text("CREATE TABLE one (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    with pytest.raises(ProblemError):
        async with session.begin():
            session.after_commit(diary.says("never"))
            await session.execute(text("INSERT INTO one VALUES (1), (1)"))
    assert diary.said == []


async def test_an_error_in_a_hook_is_logged_and_changes_nothing(
    session: Session, diary: Diary, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken() -> None:
        raise ValueError("the pigeon flew away")

    configure_logging(Settings(environment="test", log_format="json"))
    async with session.begin():
        session.add(ada())
        session.after_commit(broken)
        session.after_commit(diary.says("the next"))
    assert diary.said == ["the next"]
    assert await session.scalar(COUNT) == 1
    log = capsys.readouterr().err
    assert "after-commit hook failed" in log
    assert "the pigeon flew away" in log
    assert "broken" in log


async def test_a_hook_may_write_and_have_hooks_of_its_own(session: Session, diary: Diary) -> None:
    async def write() -> None:
        async with session.begin():
            session.add(ada())
            session.after_commit(diary.says("written"))

    async with session.begin():
        session.after_commit(write)
        session.after_commit(diary.says("second"))
    assert diary.said == ["written", "second"]
    assert await session.scalar(COUNT) == 1


async def test_a_hook_outside_of_a_unit_is_refused(session: Session, diary: Diary) -> None:
    await session.scalar(COUNT)
    with pytest.raises(ConfigurationError, match="no COMMIT to wait for"):
        session.after_commit(diary.says("never"))
