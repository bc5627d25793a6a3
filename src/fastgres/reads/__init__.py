"""Reads: from a mapped class and a response model to one statement whose result is the JSON."""

from fastgres.reads.plan import ReadPlan, Reason
from fastgres.reads.reads import Reads
from fastgres.reads.response import ReadResponse

__all__ = ["ReadPlan", "ReadResponse", "Reads", "Reason"]
