"""The one error of the benchmark."""

from __future__ import annotations


class BenchError(Exception):
    """Nothing, or nothing fair, can be measured; the message says why and what to do."""
