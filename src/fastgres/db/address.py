"""The address of a database: one DSN as asyncpg reads it, whoever wrote it."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fastgres.errors import ConfigurationError

_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})


def dsn(url: str) -> str:
    """Return the URL as a libpq DSN: `postgresql://`, with `ssl=` spelled `sslmode=`.

    Several hosts (`postgresql://user@one:5432,two:5432/shop`) and the parameters of libpq
    (`sslmode`, `sslrootcert`, `target_session_attrs`, `host` for a socket directory) stay as
    they are. With several hosts the one that takes writes is chosen unless the URL says
    otherwise.

    ```python
    from fastgres.db import dsn

    assert dsn("postgres://app@db/shop?ssl=true") == "postgresql://app@db/shop?sslmode=require"
    ```
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ConfigurationError(
            f"DATABASE_URL begins with {parts.scheme!r}, which is not PostgreSQL. fastgres runs "
            "on PostgreSQL only; write postgresql://user:password@host:5432/database."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "ssl" in options:
        options["sslmode"] = _sslmode(options.pop("ssl"))
    if "," in parts.netloc or "," in options.get("host", ""):
        options.setdefault("target_session_attrs", "read-write")
    query = urlencode(options, safe="/", quote_via=quote)
    # Not by urlunsplit: without a host it drops the slashes that libpq insists on.
    return f"postgresql://{parts.netloc}{parts.path}{'?' if query else ''}{query}"


def place_of(url: str) -> str:
    """Return where a database is, `db.example:5432/shop`: for logs, without user and password."""
    parts = urlsplit(url)
    named = dict(parse_qsl(parts.query)).get("host")
    return f"{parts.netloc.rpartition('@')[2] or named or 'the local socket'}{parts.path}"


def _sslmode(value: str) -> str:
    return {"true": "require", "1": "require", "false": "disable", "0": "disable"}.get(value, value)
