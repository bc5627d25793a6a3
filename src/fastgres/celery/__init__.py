"""Handing jobs to Celery: published from the queue in PostgreSQL, ended in it."""
