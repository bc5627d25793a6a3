"""The request boundary: problems, limits, health, and the session of a request."""

from fastgres.http.boundary import Boundary
from fastgres.http.dependencies import (
    DatabaseDep,
    LifecycleDep,
    SessionDep,
    SettingsDep,
    takes_session,
    with_session,
)
from fastgres.http.exchange import EXCHANGE, Exchange
from fastgres.http.installation import install
from fastgres.http.keeper import Keeper, WholeResponse
from fastgres.http.lifecycle import LIFECYCLE, Lifecycle
from fastgres.http.problem import Problem, ProblemField, problems
from fastgres.http.shortcut import TRACED, Shortcut

__all__ = [
    "EXCHANGE",
    "LIFECYCLE",
    "TRACED",
    "Boundary",
    "DatabaseDep",
    "Exchange",
    "Keeper",
    "Lifecycle",
    "LifecycleDep",
    "Problem",
    "ProblemField",
    "SessionDep",
    "SettingsDep",
    "Shortcut",
    "WholeResponse",
    "install",
    "problems",
    "takes_session",
    "with_session",
]
