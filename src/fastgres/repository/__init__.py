"""Repositories: reading, paging, writing and locking the rows of one mapped class."""

from fastgres.repository.answering import ReadOptions
from fastgres.repository.filtering import Filter
from fastgres.repository.page import OffsetPage, Page
from fastgres.repository.pages import Asked, offset_read, page_read
from fastgres.repository.prepared import Target, one_read
from fastgres.repository.query import KeysetQuery, OffsetQuery, StrictQuery
from fastgres.repository.repository import Repository, check_repositories
from fastgres.repository.scope import Scope

__all__ = [
    "Asked",
    "Filter",
    "KeysetQuery",
    "OffsetPage",
    "OffsetQuery",
    "Page",
    "ReadOptions",
    "Repository",
    "Scope",
    "StrictQuery",
    "Target",
    "check_repositories",
    "offset_read",
    "one_read",
    "page_read",
]
