"""Check the files and folders named: `python -m fastgres.rules src`."""

from __future__ import annotations

import sys
from pathlib import Path

from fastgres.rules.checker import check_paths

if __name__ == "__main__":
    findings = check_paths(Path(argument) for argument in sys.argv[1:])
    for finding in findings:
        print(finding)  # noqa: T201 - the result of the command
    sys.exit(1 if findings else 0)
