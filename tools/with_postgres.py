"""Run a command with DATABASE_URL set to a server of other programs than the wheel's.

python tools/with_postgres.py /usr/lib/postgresql/15/bin make test
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fastgres.embedded import acquire, find_programs
from fastgres.errors import FastgresError

ROOT = Path(__file__).parents[1]


def main(directory: Path, *command: str) -> int:
    """Keep a server of its own below `.cache` for as long as the command runs."""
    programs = find_programs(directory)
    place = ROOT / ".cache" / f"postgres-{programs.version}"
    with acquire(place, programs=directory, durable=False) as cluster:
        sys.stderr.write(f"PostgreSQL {cluster.version} from {cluster.programs}\n")
        variables = os.environ | {"DATABASE_URL": cluster.url()}
        return subprocess.run(command, env=variables, check=False).returncode  # noqa: S603 - the caller's own command


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
    except FastgresError as error:
        sys.exit(str(error))
