"""The `.env` of a project: found from where the process runs, typing errors in it reported."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, DotEnvSettingsSource

from fastgres.errors import UnknownNameError
from fastgres.settings.project import Project

# Below this ratio a key is taken for another program's: a `.env` is often shared, and names such
# as DATABASE_USER (0.88 to DATABASE_URL) are common in it.
RESEMBLANCE = 0.885

_SHORTEST = 6
"""Letters of a variable that is looked at: `HOSTS` and `PORTS` are anybody's."""


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
    if _meant(key, fields) is not None:
        known = [field.upper() for field in fields]
        raise UnknownNameError("setting", key.upper(), known)


def misspelt_variables(cls: type[BaseSettings]) -> dict[str, str]:
    """Return the variables of the environment that are nearly a setting, and which each means.

    They have no effect, and cannot be refused: the environment belongs to other programs too.

    ```python
    from fastgres.settings import Settings, misspelt_variables

    assert "PATH" not in misspelt_variables(Settings)
    ```
    """
    fields = list(cls.model_fields)
    long = [name for name in os.environ if len(name) >= _SHORTEST]
    found = {name: _meant(name, fields) for name in long}
    return {name: meant.upper() for name, meant in found.items() if meant is not None}


def _meant(key: str, fields: list[str]) -> str | None:
    """Return the field that a key nearly is; None for a field and for anything else."""
    name = key.lower()
    if name in fields:
        return None
    near = difflib.get_close_matches(name, fields, n=1, cutoff=RESEMBLANCE)
    return near[0] if near else None
