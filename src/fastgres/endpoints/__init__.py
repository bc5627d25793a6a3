"""Read routes that are declared: documented by FastAPI, answered at the boundary."""

from fastgres.endpoints.explaining import DeclaredRoute, check_declared, declared_routes
from fastgres.endpoints.installation import answer_declared
from fastgres.endpoints.options import ListRouteOptions, PageRouteOptions, ReadRouteOptions
from fastgres.endpoints.router import ReadRouter

__all__ = [
    "DeclaredRoute",
    "ListRouteOptions",
    "PageRouteOptions",
    "ReadRouteOptions",
    "ReadRouter",
    "answer_declared",
    "check_declared",
    "declared_routes",
]
