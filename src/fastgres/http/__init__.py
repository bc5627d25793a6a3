"""The request boundary: problems, limits, health, and the session of a request."""

from fastgres.http.boundary import Boundary
from fastgres.http.dependencies import DatabaseDep, LifecycleDep, SessionDep, SettingsDep
from fastgres.http.exchange import EXCHANGE, Exchange
from fastgres.http.installation import install
from fastgres.http.lifecycle import Lifecycle
from fastgres.http.problem import Problem, ProblemField, problems

__all__ = [
    "EXCHANGE",
    "Boundary",
    "DatabaseDep",
    "Exchange",
    "Lifecycle",
    "LifecycleDep",
    "Problem",
    "ProblemField",
    "SessionDep",
    "SettingsDep",
    "install",
    "problems",
]
