"""Alembic's configuration, made from the project: there is no alembic.ini."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

from alembic.config import Config

from fastgres.errors import MigrationError

if TYPE_CHECKING:
    from fastgres.settings import Project

TEMPLATES: Final = Path(__file__).parent / "templates"

# Sorted by name is sorted by age, to the second: two people rarely write a revision in one.
_FILE_TEMPLATE: Final = "%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute).2d%(second).2d_%(slug)s"


def alembic_config(project: Project, **attributes: Any) -> Config:
    """Return what Alembic's commands need; `attributes` reach `env.py`."""
    config = Config(stdout=io.StringIO(), cmd_opts=Namespace(quiet=True), attributes=attributes)
    options = {
        "script_location": project.migrations,
        "path_separator": "os",
        "file_template": _FILE_TEMPLATE,
    }
    for name, value in options.items():
        config.set_main_option(name, str(value).replace("%", "%%"))
    return config


def require_folder(project: Project) -> None:
    """Raise when the project has no migrations yet, or its table names another folder."""
    if not (project.migrations / "env.py").is_file():
        message = (
            f"There are no migrations in {project.migrations}: it has no env.py. Write the first "
            'with `fastgres db new "first tables"`, or correct `migrations` in [tool.fastgres].'
        )
        raise MigrationError(message)


def write_folder(project: Project) -> None:
    """Write `env.py` and the template of revisions, which belong to the project from then on."""
    versions = project.migrations / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    module, _, name = project.metadata.partition(":")
    metadata = name if name.lower() == "metadata" else f"{name}.metadata"
    values = {"module": module, "name": name, "metadata": metadata}
    environment = Template((TEMPLATES / "env.py.txt").read_text(encoding="utf-8"))
    template = (TEMPLATES / "script.py.mako").read_text(encoding="utf-8")
    for file, text in (("env.py", environment.substitute(values)), ("script.py.mako", template)):
        if not (project.migrations / file).exists():
            (project.migrations / file).write_text(text, encoding="utf-8")
