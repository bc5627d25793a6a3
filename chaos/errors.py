"""The one error of the suite."""

from __future__ import annotations


class ChaosError(Exception):
    """Nothing can be broken or checked here; the message says why and what to do."""
