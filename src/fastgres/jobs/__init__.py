"""Durable jobs: enqueued in the caller's transaction, run by workers, each effect accounted for."""

from fastgres.jobs.arguments import Upgrade
from fastgres.jobs.backoff import Backoff, exponential
from fastgres.jobs.definition import Job, JobOptions, job
from fastgres.jobs.enqueue import Call, When, enqueue_many
from fastgres.jobs.running import RunningJob

__all__ = [
    "Backoff",
    "Call",
    "Job",
    "JobOptions",
    "RunningJob",
    "Upgrade",
    "When",
    "enqueue_many",
    "exponential",
    "job",
]
