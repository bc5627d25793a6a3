"""Addresses of databases: which are taken."""

from __future__ import annotations

import re

SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")

_HOST = re.compile(r"^(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]*)(:\d{1,5})?$")


def check_address(url: str) -> str:
    """Return `url` when it is one of PostgreSQL; never repeats it in the error, for its password.

    Raises:
        ValueError: for another scheme, or when no host and database can be read from it.
    """
    scheme, found, rest = url.partition("://")
    if not found or scheme not in SCHEMES:
        raise ValueError(f"must start with one of {', '.join(f'{s}://' for s in SCHEMES)}")
    authority, _, _ = re.split(r"[?]", rest, maxsplit=1)[0].partition("/")
    hosts = authority.rpartition("@")[2]
    if not all(_HOST.match(host) for host in hosts.split(",")):
        raise ValueError(
            "has a host or port that cannot be read; write it as "
            "postgresql://user:password@host:5432/database and percent-encode special characters "
            "of the password (@ is %40, / is %2F)"
        )
    return url
