"""The command line: every verb a thin call of a plain function."""

from fastgres.cli.main import main

__all__ = ["main"]
