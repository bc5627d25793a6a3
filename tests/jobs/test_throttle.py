"""How often a process notifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.jobs.throttle import OPTION, channels_to_notify, forget_notified

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture
def engine() -> Engine:
    """An engine that connects to nothing."""
    return create_async_engine("postgresql+asyncpg://nobody@nowhere/nothing").sync_engine


def test_queue_is_notified_once_in_a_while(engine: Engine) -> None:
    assert channels_to_notify(engine, ["mail", "mail"]) == ["fastgres_jobs_mail"]
    assert channels_to_notify(engine, ["mail"]) == []


def test_each_queue_and_database_has_a_turn_of_its_own(engine: Engine) -> None:
    other = create_async_engine("postgresql+asyncpg://nobody@nowhere/other").sync_engine
    assert channels_to_notify(engine, ["mail"]) == ["fastgres_jobs_mail"]
    assert channels_to_notify(engine, ["images"]) == ["fastgres_jobs_images"]
    assert channels_to_notify(other, ["mail"]) == ["fastgres_jobs_mail"]


def test_engine_may_be_told_not_to_notify(engine: Engine) -> None:
    silent = engine.execution_options(**{OPTION: False})
    assert channels_to_notify(silent, ["mail"]) == []


def test_what_woke_nobody_does_not_count(engine: Engine) -> None:
    forget_notified(engine, ["mail"])
    assert channels_to_notify(engine, ["mail", "images"]) != []
    forget_notified(engine, ["mail"])
    assert channels_to_notify(engine, ["mail", "images"]) == ["fastgres_jobs_mail"]
