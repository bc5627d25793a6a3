"""Which jobs a worker runs."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fastgres.errors import ConfigurationError
from fastgres.jobs import find_jobs, job
from tests.jobs import workshop


@job()
async def greet() -> None:
    """A job."""


def test_jobs_of_modules_and_jobs_themselves_are_found() -> None:
    found = find_jobs([workshop, greet, greet])
    assert found["greet"] is greet
    assert found["leave_note"] is workshop.leave_note


def test_two_jobs_of_one_name_are_refused() -> None:
    @job(name="greet")
    async def other() -> None: ...

    with pytest.raises(ConfigurationError, match=r"test_discovery.greet and .*other"):
        find_jobs([greet, other])


def test_module_without_jobs_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'empty' holds no job"):
        find_jobs([ModuleType("empty")])


def test_plain_function_is_refused() -> None:
    async def plain() -> None: ...

    wrong: Any = plain
    with pytest.raises(ConfigurationError, match=r"@job\(\)"):
        find_jobs([wrong])
