"""Finding the jobs that a worker runs."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from fastgres.errors import ConfigurationError
from fastgres.jobs.definition import Job


def find_jobs(sources: Iterable[ModuleType | Job[Any]]) -> dict[str, Job[Any]]:
    """Return the jobs of modules, and those given themselves, by name.

    Raises `ConfigurationError` for two jobs of one name, and for a module without any.

    ```python
    from fastgres.jobs import find_jobs, job

    @job()
    async def greet(name: str) -> None: ...

    assert find_jobs([greet]) == {"greet": greet}
    ```
    """
    found: dict[str, Job[Any]] = {}
    for source in sources:
        jobs = [source] if isinstance(source, Job) else _jobs_of(source)
        for job in jobs:
            if found.setdefault(job.name, job) is not job:
                raise ConfigurationError(_twice(found[job.name], job))
    return found


def _jobs_of(module: ModuleType) -> list[Job[Any]]:
    if not isinstance(module, ModuleType):
        raise ConfigurationError(
            f"{module!r} was given where jobs are looked for. A function becomes a job by @job(); "
            "give the decorated function, or the module that holds it."
        )
    jobs = [value for value in vars(module).values() if isinstance(value, Job)]
    if not jobs:
        raise ConfigurationError(
            f"The module {module.__name__!r} holds no job. A worker would leave its jobs waiting; "
            "decorate its functions with @job(), or take the module off the list."
        )
    return jobs


def _twice(one: Job[Any], other: Job[Any]) -> str:
    places = " and ".join(
        f"{job.function.__module__}.{job.function.__qualname__}" for job in (one, other)
    )
    return (
        f"Two jobs have the name {one.name!r}: {places}. Rows are stored by name, so that a worker "
        f'could run the wrong one. Give one of them another: @job(name="...").'
    )
