"""Handing jobs to Celery: published from the queue in PostgreSQL, ended in it."""

from fastgres.celery.binding import bind_celery, relay_to

__all__ = ["bind_celery", "relay_to"]
