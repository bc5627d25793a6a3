"""Durable jobs: enqueued in the caller's transaction, run by workers, each effect accounted for."""

from fastgres.jobs.arguments import Upgrade
from fastgres.jobs.backoff import Backoff, exponential
from fastgres.jobs.cron import Cron
from fastgres.jobs.definition import Job, JobOptions, cron, job
from fastgres.jobs.discovery import find_jobs
from fastgres.jobs.enqueue import Call, When, enqueue_many
from fastgres.jobs.operating.listing import (
    JobFilter,
    JobRecord,
    JobState,
    count_jobs,
    find_job,
    list_jobs,
)
from fastgres.jobs.operating.overview import Overview, QueueStatus, WorkerStatus, read_overview
from fastgres.jobs.operating.steering import (
    Moved,
    cancel_jobs,
    purge_dead,
    retry_dead,
    run_now,
)
from fastgres.jobs.relaying.deliveries import Delivered, Deliveries
from fastgres.jobs.relaying.relay import Message, Publisher, Relay, RelayOptions
from fastgres.jobs.results import JobResult, find_result
from fastgres.jobs.running import RunningJob
from fastgres.jobs.stats import WorkerStats
from fastgres.jobs.strangers import tell_of_strangers
from fastgres.jobs.worker import Worker, WorkerOptions

__all__ = [
    "Backoff",
    "Call",
    "Cron",
    "Delivered",
    "Deliveries",
    "Job",
    "JobFilter",
    "JobOptions",
    "JobRecord",
    "JobResult",
    "JobState",
    "Message",
    "Moved",
    "Overview",
    "Publisher",
    "QueueStatus",
    "Relay",
    "RelayOptions",
    "RunningJob",
    "Upgrade",
    "When",
    "Worker",
    "WorkerOptions",
    "WorkerStats",
    "WorkerStatus",
    "cancel_jobs",
    "count_jobs",
    "cron",
    "enqueue_many",
    "exponential",
    "find_job",
    "find_jobs",
    "find_result",
    "job",
    "list_jobs",
    "purge_dead",
    "read_overview",
    "retry_dead",
    "run_now",
    "tell_of_strangers",
]
