"""The address of the database: the one that is set, or the project's embedded server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastgres.embedded import acquire
from fastgres.errors import ConfigurationError
from fastgres.settings import Project

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastgres.settings import Settings

EMBEDDED_DATABASE = "app"
"""Name of the service's database on the embedded server, which serves one project only.

```python
from fastgres.app import EMBEDDED_DATABASE

assert EMBEDDED_DATABASE == "app"
```
"""


@asynccontextmanager
async def lease_database(settings: Settings) -> AsyncIterator[str]:
    """Give the URL of the service's database; the embedded server runs while the block does.

    `DATABASE_URL` is given as it is. Without it the project's own PostgreSQL is started, or
    shared with whatever uses it already, and its database made on first use.

    Raises:
        ConfigurationError: in production without `DATABASE_URL`, or outside of a project.
        EmbeddedError: the embedded server cannot be made or started.

    ```python
    from fastgres.app import lease_database

    async with lease_database(settings) as url:
        assert url.startswith("postgres")
    ```
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    if settings.is_production:
        raise ConfigurationError(
            "DATABASE_URL is unset, and the embedded PostgreSQL is for development and tests "
            "only. Set it to postgresql://user:password@host:5432/database."
        )
    cluster = await asyncio.to_thread(
        acquire, embedded_directory(settings), programs=settings.postgres_bin
    )
    try:
        await asyncio.to_thread(cluster.ensure_database, EMBEDDED_DATABASE)
        yield cluster.url(EMBEDDED_DATABASE)
    finally:
        cluster.release(wait=False)


def embedded_directory(settings: Settings) -> Path:
    """Return where the embedded server of this project keeps its data.

    ```python
    from pathlib import Path

    from fastgres.app import embedded_directory
    from fastgres.settings import Settings

    named = Settings(embedded_directory=Path("/tmp/shop-data"))
    assert embedded_directory(named) == Path("/tmp/shop-data")
    ```
    """
    return settings.embedded_directory or Project.find().state_directory / "postgres"
