"""Reads: from a mapped class and a response model to one statement whose result is the JSON."""

from fastgres.reads.call import Answer, Call, JsonPage, Source
from fastgres.reads.explaining import Explanation
from fastgres.reads.faulty import check_limit, naming
from fastgres.reads.given import Given, closed
from fastgres.reads.loaded import session_beside
from fastgres.reads.plan import ReadPlan, Reason
from fastgres.reads.reading import PlannedRead
from fastgres.reads.reads import Reads
from fastgres.reads.response import ReadResponse, entity_tag, matches, tagged
from fastgres.reads.returning import REFUSED, Returned, looks_elsewhere
from fastgres.reads.source import key_attributes
from fastgres.reads.statement import PageOrder, Rows, parameter
from fastgres.reads.streaming import ExportFormat

__all__ = [
    "REFUSED",
    "Answer",
    "Call",
    "Explanation",
    "ExportFormat",
    "Given",
    "JsonPage",
    "PageOrder",
    "PlannedRead",
    "ReadPlan",
    "ReadResponse",
    "Reads",
    "Reason",
    "Returned",
    "Rows",
    "Source",
    "check_limit",
    "closed",
    "entity_tag",
    "key_attributes",
    "looks_elsewhere",
    "matches",
    "naming",
    "parameter",
    "session_beside",
    "tagged",
]
