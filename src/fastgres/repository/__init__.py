"""Repositories: reading, paging, writing and locking the rows of one mapped class."""

from fastgres.repository.counting import Count
from fastgres.repository.entity import Key
from fastgres.repository.filtering import Filter
from fastgres.repository.locking import Locked
from fastgres.repository.page import OffsetPage, Page
from fastgres.repository.query import KeysetQuery, OffsetQuery
from fastgres.repository.repository import Repository, check_repositories

__all__ = [
    "Count",
    "Filter",
    "Key",
    "KeysetQuery",
    "Locked",
    "OffsetPage",
    "OffsetQuery",
    "Page",
    "Repository",
    "check_repositories",
]
