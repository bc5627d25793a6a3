"""The `.env` of a project: found from where the process runs, typing errors in it reported."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, DotEnvSettingsSource

from fastgres.errors import UnknownNameError
from fastgres.settings.project import Project

# Below this ratio a key is taken for another program's: a `.env` is often shared, and names such
# as DATABASE_USER (0.88 to DATABASE_URL) are common in it.
RESEMBLANCE = 0.885


class ProjectDotEnv(DotEnvSettingsSource):
    """Read `.env` in the project's root, or in the working directory outside of a project."""

    def __init__(self, settings_cls: type[BaseSettings], *, strict: bool) -> None:
        self.strict = strict
        super().__init__(settings_cls, env_file=env_file(), env_file_encoding="utf-8")

    def __call__(self) -> dict[str, Any]:
        """Return the values by field, refusing keys that look like a misspelt field."""
        if self.strict:
            fields = self.settings_cls.model_fields
            for key in self.env_vars:
                refuse_misspelt(key, list(fields))
        return super().__call__()


def env_file() -> Path:
    """Return where the `.env` is or would be."""
    return (Project.root_above(Path.cwd()) or Path.cwd()) / ".env"


def refuse_misspelt(key: str, fields: list[str]) -> None:
    """Raise UnknownNameError when `key` is no field but nearly one."""
    name = key.lower()
    if name not in fields and difflib.get_close_matches(name, fields, n=1, cutoff=RESEMBLANCE):
        known = [field.upper() for field in fields]
        raise UnknownNameError("setting", key.upper(), known)
