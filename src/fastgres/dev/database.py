"""Make the database of a project anew."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import asyncpg

from fastgres.db import dsn
from fastgres.dev import sql
from fastgres.errors import ConfigurationError, FastgresError
from fastgres.settings import mask_credentials

MAINTENANCE = "postgres"
TIMEOUT = 10.0


def database_name(url: str) -> str:
    """Return the name of the database that `url` leads to.

    Raises:
        ConfigurationError: when it names none; dropping whatever is the default is not on.

    ```python
    from fastgres.dev import database_name

    assert database_name("postgresql://app@localhost/shop?sslmode=require") == "shop"
    ```
    """
    name = unquote(urlsplit(url).path.lstrip("/"))
    if not name:
        raise ConfigurationError(
            f"{mask_credentials(url)!r} names no database; end it with /database."
        )
    if name in {MAINTENANCE, "template0", "template1"}:
        raise ConfigurationError(
            f"{name!r} is PostgreSQL's own database, which is not dropped. Give the service a "
            "database of its own and name it in DATABASE_URL."
        )
    return name


async def recreate(url: str) -> None:
    """Drop the database at `url` with all its data, and create it empty.

    Connections of others to it are ended. Connects to the database `postgres` for it, so the
    user needs CREATEDB and has to own the old one.

    Raises:
        ConfigurationError: when the URL names no database of the service's own.
        FastgresError: when the server refuses or is away; says what it said.

    ```python
    from fastgres.dev import recreate
    from fastgres.errors import ConfigurationError

    try:
        await recreate("postgresql://app@localhost/postgres")
    except ConfigurationError as error:
        assert "not dropped" in str(error)
    ```
    """
    name = database_name(url)
    quoted = '"' + name.replace('"', '""') + '"'
    parts = urlsplit(dsn(url))
    maintenance = f"{parts.scheme}://{parts.netloc}/{MAINTENANCE}?{parts.query}"
    try:
        connection = await asyncpg.connect(maintenance, timeout=TIMEOUT)
        try:
            await connection.execute(sql.DROP_DATABASE.format(name=quoted))
            await connection.execute(sql.CREATE_DATABASE.format(name=quoted))
        finally:
            await connection.close(timeout=TIMEOUT)
    except (OSError, asyncpg.PostgresError) as error:
        raise FastgresError(
            f"The database {name!r} could not be made anew: {mask_credentials(str(error))}"
        ) from error
