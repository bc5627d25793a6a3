"""The shop's application, with a bug in it when one is asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chaos.service import arranging, planting
from shop.main import create_app as create_shop

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.db import Database
    from shop.core.config import Settings


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """Make the shop; CHAOS_PLANTED names a bug to have."""
    planting.plant(os.environ.get("CHAOS_PLANTED", ""))
    arranging.hand_receipts_to_celery()
    app = create_shop(arranging.settings_here(settings), database)
    arranging.shorten_locks(app)
    return app
