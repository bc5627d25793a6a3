"""Making the jobs of a service tasks of a Celery application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from celery import Celery
from celery.app.defaults import DEFAULTS
from celery.exceptions import Reject
from celery.signals import worker_process_shutdown, worker_shutdown
from kombu import Exchange, Queue

from fastgres.celery.process import Workplaces
from fastgres.celery.publisher import CeleryPublisher, is_amqp
from fastgres.db import Database
from fastgres.errors import ConfigurationError, ProblemError
from fastgres.jobs import Relay, find_jobs
from fastgres.settings import Settings, load_settings

if TYPE_CHECKING:
    from fastgres.jobs import Delivered, Job

TARGET: Final = "celery"
"""The `target=` of the jobs that Celery runs."""

SETTINGS: Final[dict[str, Any]] = {
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 20.0,
    "worker_max_tasks_per_child": 10_000,
    "broker_connection_retry_on_startup": True,
}
"""What a worker is set to, where the application says nothing else."""

TASK: Final[dict[str, Any]] = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "ignore_result": True,
}
"""What each task is set to: a message is kept until the end of its job is written down."""

_bound: WeakKeyDictionary[Celery, list[Job[Any]]] = WeakKeyDictionary()


def bind_celery(
    app: Celery,
    jobs: Iterable[ModuleType | Job[Any]],
    *,
    database: Callable[[], Database] | None = None,
    lease: float = 30.0,
) -> Celery:
    """Make each job with `target="celery"` a task of `app`, and its queue one that workers consume.

    `database` makes that of a worker process, from `DATABASE_URL` unless given. `lease` (30 s):
    after which the jobs of a process that was killed are sent again. Messages carry the id of a
    job only, arguments and retries stay in PostgreSQL. Configure `app` before. Sets the prefetch
    to 1, a soft shutdown of 20 s and 10,000 tasks for each child, where `app` says nothing else.

    Raises:
        ConfigurationError: when none of the jobs has `target="celery"`.

    ```python
    from celery import Celery
    from fastgres.celery import bind_celery
    from fastgres.jobs import job

    @job(target="celery", queue="imports")
    async def read_catalogue(url: str) -> None: ...

    celery = bind_celery(Celery("shop", broker="redis://localhost"), [read_catalogue])
    assert "read_catalogue" in celery.tasks
    ```
    """
    chosen = [job for job in find_jobs(jobs).values() if job.options.target == TARGET]
    if not chosen:
        raise ConfigurationError(
            f"None of the jobs given to bind_celery has target={TARGET!r}, so that nothing would "
            'ever be sent. Write @job(target="celery") on those that Celery is to run.'
        )
    workplaces = Workplaces(database or database_of_settings, chosen, lease)
    for job in chosen:
        task = partial(_run, workplaces)
        app.task(name=job.name, shared=False, **TASK)(_named(task, job))
    _configure(app, sorted({job.options.queue for job in chosen}))
    worker_process_shutdown.connect(workplaces.close, weak=False)
    worker_shutdown.connect(workplaces.close, weak=False)
    _bound[app] = chosen
    return app


def relay_to(app: Celery, database: Database, **options: Any) -> Relay:
    """Return the relay that publishes the due jobs of a bound application; `options` are its.

    Raises:
        ConfigurationError: when `bind_celery` was not called with this application.

    ```python
    from celery import Celery
    from fastgres.celery import bind_celery, relay_to
    from fastgres.jobs import job

    @job(target="celery")
    async def read_catalogue(url: str) -> None: ...

    celery = bind_celery(Celery("shop", broker="memory://"), [read_catalogue])
    relay = relay_to(celery, database, resend_after=3600.0)
    assert list(relay.jobs) == ["read_catalogue"]
    ```
    """
    if app not in _bound:
        raise ConfigurationError(
            f"{app!r} was not bound to jobs, so that a relay would publish tasks that no worker "
            "knows. Call bind_celery(app, jobs) where it is made."
        )
    return Relay(database, _bound[app], CeleryPublisher(app), target=TARGET, **options)


def database_of_settings() -> Database:
    """Return the database that the environment names."""
    settings = load_settings(Settings)
    if settings.database_url is None:
        raise ConfigurationError(
            "DATABASE_URL is not set. Workers of Celery are processes of their own, which do not "
            "start the embedded server; set it, or give bind_celery(..., database=...)."
        )
    return Database(settings.database_url.get_secret_value(), settings)


def _run(workplaces: Workplaces, job_id: int) -> Delivered:
    """Run a job; while the database is away its message goes back to the broker."""
    try:
        return workplaces.run(job_id)
    except ProblemError as error:
        raise Reject(error.code, requeue=True) from error


def _named(task: Callable[..., Any], job: Job[Any]) -> Callable[..., Any]:
    def run(job_id: int) -> Any:
        return task(job_id)

    run.__module__ = job.function.__module__
    run.__qualname__ = run.__name__ = job.function.__name__
    run.__doc__ = job.__doc__
    return run


def _configure(app: Celery, queues: list[str]) -> None:
    for name, value in SETTINGS.items():
        if app.conf[name] == DEFAULTS[name]:
            app.conf[name] = value
    for name in queues:
        if name not in app.amqp.queues:
            app.amqp.queues.select_add(_queue(app, name))


def _queue(app: Celery, name: str) -> Queue:
    """Return a queue; on RabbitMQ one that a majority of its nodes keeps."""
    if is_amqp(app):
        arguments = {"x-queue-type": "quorum"}
        return Queue(
            name, Exchange(name, type="topic"), routing_key=name, queue_arguments=arguments
        )
    return Queue(name, Exchange(name), routing_key=name)
