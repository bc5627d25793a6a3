"""What is other than in the shop's own production: a provider without TLS, shorter times."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fastapi.routing import APIRoute, iter_route_contexts

from fastgres.idempotency.installation import once_of
from fastgres.settings import load_settings
from shop.core.config import Settings
from shop.jobs import receipts

if TYPE_CHECKING:
    from fastapi import FastAPI

LOCK: Final = 3.0
"""Seconds for which a payment holds its key from one step to the next, instead of 90."""


def settings_here(settings: Settings | None = None) -> Settings:
    """Return the settings, with the payment provider of CHAOS_PAYMENTS if there is one."""
    settings = settings or load_settings(Settings)
    provider = os.environ.get("CHAOS_PAYMENTS")
    return settings.model_copy(update={"payment_url": provider}) if provider else settings


def shorten_locks(app: FastAPI) -> None:
    """Let a payment whose process is gone be taken up soon, so that much can happen in a run."""
    for context in iter_route_contexts(app.routes):
        found = once_of(context) if isinstance(context.original_route, APIRoute) else None
        if found is not None:
            once = found[1]
            once.rules = replace(once.rules, lock=timedelta(seconds=LOCK))


def hand_receipts_to_celery() -> None:
    """Let receipts go through the broker, where CHAOS_RECEIPTS says so."""
    if os.environ.get("CHAOS_RECEIPTS") == "celery":
        job = receipts.send_receipt
        job.options = replace(job.options, target="celery")
