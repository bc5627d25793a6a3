"""PostgreSQL's own shell on the database of a project."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from fastgres.db import dsn
from fastgres.embedded import find_programs
from fastgres.errors import ConfigurationError, ProgramsNotFoundError


def open_psql(url: str, arguments: Sequence[str] = (), *, programs: Path | None = None) -> int:
    """Run psql on `url` until its user leaves, and return its exit code.

    The password goes by the environment: arguments are seen by every user of the machine.
    It is a child and not our successor, for we hold the embedded server meanwhile.

    Raises:
        ConfigurationError: when there is no psql on this machine.

    ```python
    from fastgres.dev import Workplace, open_psql

    def count_orders(workplace: Workplace) -> int:
        with workplace.address() as url:
            return open_psql(url, ["-c", "SELECT count(*) FROM orders"])

    assert callable(count_orders)
    ```
    """
    address, password = without_password(dsn(url))
    environment = os.environ | ({"PGPASSWORD": password} if password is not None else {})
    try:
        psql = find_programs(programs).directory / "psql"
    except ProgramsNotFoundError as error:
        raise ConfigurationError(f"{error} Or use `fastgres db shell --python`.") from error
    if not psql.exists():
        raise ConfigurationError(
            f"There is no psql in {psql.parent}. Install PostgreSQL's client programs, name "
            "their directory in POSTGRES_BIN, or use `fastgres db shell --python`."
        )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for psql
    try:
        return subprocess.call([psql, *arguments, address], env=environment)  # noqa: S603 - psql of the programs found, no shell
    finally:
        signal.signal(signal.SIGINT, before)


def without_password(url: str) -> tuple[str, str | None]:
    """Return the URL without its password, and the password."""
    parts = urlsplit(url)
    account, at_sign, hosts = parts.netloc.rpartition("@")
    user, colon, password = account.partition(":")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    found = unquote(password) if colon else None
    found = options.pop("password", found)
    query = urlencode(options, safe="/", quote_via=quote)
    bare = f"{parts.scheme}://{user}{at_sign}{hosts}{parts.path}"
    return f"{bare}?{query}" if query else bare, found
