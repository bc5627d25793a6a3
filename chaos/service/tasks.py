"""The Celery application, for `fastgres relay` and for `celery -A chaos.service.tasks worker`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from chaos.service import arranging, planting
from chaos.service.work import CELERY
from fastgres.celery import bind_celery
from fastgres.jobs import Job
from shop.jobs import receipts

LEASE = 2.0
"""Seconds: short, so that much can happen in a run."""

planting.plant(os.environ.get("CHAOS_PLANTED", ""))
arranging.hand_receipts_to_celery()
jobs: list[Job[Any]] = [*CELERY.values(), receipts.send_receipt]
celery = bind_celery(Celery("chaos", broker=os.environ["BROKER_URL"]), jobs, lease=LEASE)
