"""Declaring a job: an async function, how it is queued, and how it is tried again."""

from __future__ import annotations

import hashlib
import inspect
import re
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Never,
    ParamSpec,
    Protocol,
    TypedDict,
    Unpack,
    overload,
)

from pydantic_core import to_json

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.jobs.arguments import Arguments, Upgrade, refuse
from fastgres.jobs.backoff import Backoff, exponential
from fastgres.jobs.cron import Cron
from fastgres.jobs.enqueue import Call, When, enqueue_many
from fastgres.jobs.running import RunningJob

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

P = ParamSpec("P")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_QUEUE = re.compile(r"[a-z0-9_.-]{1,40}")
_LONGEST_KEY = 200


class JobOptions(TypedDict, total=False):
    """What `@job` takes: how a job is queued, tried again and told from its twins.

    ```python
    from fastgres.jobs import JobOptions, job

    patient: JobOptions = {"retries": 20, "timeout": 600.0}

    @job(queue="imports", **patient)
    async def read_catalogue(url: str) -> None: ...

    assert read_catalogue.options.retries == 20
    ```
    """

    name: str
    queue: str
    retries: int
    backoff: Backoff
    timeout: float | None
    unique: bool | str | Callable[..., str]
    priority: int
    version: int
    target: str
    keep_result: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a job with their defaults."""

    name: str
    queue: str = "default"
    retries: int = 5
    backoff: Backoff = exponential()  # noqa: RUF009 - returns a function without state
    timeout: float | None = 300.0
    unique: bool | str | Callable[..., str] = False
    priority: int = 0
    version: int = 1
    target: str = "local"
    keep_result: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what would fail later, in a worker."""
        if not _NAME.fullmatch(self.name):
            self._refuse("name", "letters, digits, dots and dashes, at most 100")
        if not _QUEUE.fullmatch(self.queue):
            self._refuse("queue", "a-z, 0-9, dots and dashes, at most 40")
        if not 0 <= self.retries <= 1000:
            self._refuse("retries", "a number from 0 to 1000")
        if not -1000 <= self.priority <= 1000:
            self._refuse("priority", "a number from -1000 to 1000, the lower the sooner")
        if not 1 <= self.version <= 1000:
            self._refuse("version", "a number from 1 to 1000")
        if self.timeout is not None and self.timeout <= 0:
            self._refuse("timeout", "seconds above 0, or None for no limit")

    def _refuse(self, option: str, wanted: str) -> None:
        raise ConfigurationError(
            f"The job {self.name!r} has {option}={getattr(self, option)!r}. "
            f"It is stored with every row and read by every worker; give {wanted}."
        )


class Job(Generic[P]):
    """A declared job; made by `@job`.

    `function` is what was decorated, for tests that call it directly.

    ```python
    from fastgres.jobs import Job, job

    @job(retries=2)
    async def greet(name: str) -> None: ...

    assert isinstance(greet, Job)
    async with session.begin():
        assert await greet.enqueue(session, name="Ada") is not None
    ```
    """

    def __init__(
        self,
        function: Callable[..., Awaitable[Any]],
        options: Options,
        cron: Cron | None = None,
    ) -> None:
        if not inspect.iscoroutinefunction(function):
            refuse(options.name, "its function is not async", "Write `async def`.")
        self.function = function
        self.options = options
        self.name = options.name
        self.arguments = Arguments(options.name, function, options.version)
        self.cron = cron
        self._unique_key = _unique_key(options, self.arguments)
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"<Job {self.name!r} in queue {self.options.queue!r}>"

    async def enqueue(
        self, session: AsyncSession, /, *args: P.args, **kwargs: P.kwargs
    ) -> int | None:
        """Insert the job in the transaction of `session`; return its id.

        It runs after that transaction has committed, and never if it rolls back. Returns None when
        the job is `unique` and a twin waits or runs already. Raises `JobArgumentsError` when the
        arguments do not fit.
        """
        return (await enqueue_many(session, [self.call(*args, **kwargs)]))[0]

    async def schedule(
        self, session: AsyncSession, when: When, /, *args: P.args, **kwargs: P.kwargs
    ) -> int | None:
        """Enqueue the job for later: at a moment with a time zone, or after a `timedelta`."""
        return (await enqueue_many(session, [self.call(*args, **kwargs)], when=when))[0]

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """Return the job with its arguments checked, for `enqueue_many`."""
        arguments = self.arguments.check(args, kwargs)
        options = self.options
        return Call(
            name=self.name,
            queue=options.queue,
            version=options.version,
            arguments=self.arguments.write(arguments),
            priority=options.priority,
            max_attempts=options.retries + 1,
            unique_key=None if self._unique_key is None else _bounded(self._unique_key(arguments)),
            target=options.target,
        )

    def upgrade(self, version: int) -> Callable[[Upgrade], Upgrade]:
        """Decorate the function that turns arguments stored by `version` into the next version's.

        Rows that an older release has enqueued run through all of them in turn. A row of a newer
        release than the worker's waits for a worker that knows it.
        """
        if not 1 <= version < self.options.version:
            refuse(
                self.name,
                f"upgrade({version}) does not lead to version {self.options.version} or below",
                f"Raise `version=` of the job to {version + 1} when its arguments change.",
            )

        def decorate(function: Upgrade) -> Upgrade:
            self.arguments.upgrades[version] = function
            return function

        return decorate


class JobDecorator(Protocol):
    """Turns a function into a `Job` that takes the same arguments, without the running job."""

    @overload
    def __call__(
        self, function: Callable[Concatenate[RunningJob, P], Awaitable[Any]]
    ) -> Job[P]: ...
    @overload
    def __call__(self, function: Callable[P, Awaitable[Any]]) -> Job[P]: ...


def job(*misused: Never, **options: Unpack[JobOptions]) -> JobDecorator:
    """Declare an async function as a job.

    `queue` ("default"), `retries` after the first attempt (5) with `backoff` (`exponential()`),
    `timeout` seconds for one attempt (300), `priority` within the queue (0, lower first),
    `unique` (False): True for one waiting job per arguments, a template such as "{order_id}", or
    a function of the arguments. `version` (1) goes up when the arguments change, see
    `Job.upgrade`. `name` is the function's: give one before you rename the function, rows are
    stored by it. `keep_result` (0): seconds to keep what the function returns. `target`: who runs
    it, "local" for `fastgres worker`, "celery" for Celery behind `fastgres relay`.

    Arguments need types; they are checked when the job is enqueued and again when it runs. A job
    may run twice when a worker dies; end it with `RunningJob.complete` where it must not.

    ```python
    from uuid import UUID, uuid4
    from fastgres.jobs import job

    @job(queue="mail", retries=10, unique="{order_id}")
    async def send_receipt(order_id: UUID) -> None: ...

    order = uuid4()
    async with session.begin():
        assert await send_receipt.enqueue(session, order_id=order) is not None
        assert await send_receipt.enqueue(session, order_id=order) is None
    ```
    """
    if misused:
        raise ConfigurationError(
            f"@job was written without parentheses over {getattr(misused[0], '__name__', '?')!r}, "
            "and takes its options there: write @job()."
        )

    def decorate(function: Callable[..., Awaitable[Any]]) -> Job[Any]:
        given: Any = {"name": getattr(function, "__name__", ""), **options}
        return Job(function, Options(**given))

    return decorate


def cron(expression: str, *, timezone: str = "UTC", **options: Unpack[JobOptions]) -> JobDecorator:
    """Declare a job that a worker enqueues by itself, at the moments of a cron expression.

    Of many workers one enqueues each tick, by the database's clock. A tick that no worker was
    there for is made up for within ten minutes, and of several only the latest. With
    `unique=True` a tick is left out while the job of an earlier one still waits or runs. Takes the
    options of `job`; each argument needs a default.

    ```python
    from fastgres.jobs import cron

    @cron("30 2 * * *", timezone="Europe/Berlin", unique=True)
    async def forget_old_carts(days: int = 30) -> None: ...

    assert forget_old_carts.cron is not None
    ```
    """
    schedule = Cron(expression, timezone)

    def decorate(function: Callable[..., Awaitable[Any]]) -> Job[Any]:
        given: Any = {"name": getattr(function, "__name__", ""), **options}
        scheduled: Job[Any] = Job(function, Options(**given), schedule)
        scheduled.call()
        return scheduled

    return decorate


def _unique_key(options: Options, arguments: Arguments) -> Callable[[dict[str, Any]], str] | None:
    unique = options.unique
    if unique is False:
        return None
    if unique is True:
        return lambda values: to_json(dict(sorted(values.items()))).decode()
    if callable(unique):
        return lambda values: unique(**values)
    for _, field, _, _ in string.Formatter().parse(unique):
        name = re.split(r"[.\[]", field or "")[0]
        if field is not None and name not in arguments.names:
            raise UnknownNameError(f"argument of the job {options.name!r}", name, arguments.names)
    return lambda values: unique.format(**values)


def _bounded(key: str) -> str:
    """Keep what a person can read, and the index small."""
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
