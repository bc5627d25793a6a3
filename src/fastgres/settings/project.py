"""The project file: which application, settings, models and migrations belong together."""

from __future__ import annotations

import importlib
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from fastgres.errors import ConfigurationError, UnknownNameError, nearest

Target = Literal["app", "settings", "metadata", "seed", "companions", "celery"]

_EXAMPLE = """\
  [tool.fastgres]
  app = "shop.main:create_app"
  settings = "shop.core.config:Settings"
  metadata = "shop.models:Base"
  migrations = "migrations"
  seed = "shop.seed:seed"\
"""


@dataclass(frozen=True, kw_only=True)
class Project:
    r"""Say where a service lies and what its parts are called, from `[tool.fastgres]`.

    ```python
    import tempfile
    from pathlib import Path

    from fastgres.settings import Project

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pyproject.toml")
        file.write_text('[tool.fastgres]\napp = "a.main:create_app"\nmetadata = "a.models:Base"')
        assert Project.find(Path(folder)).migrations == Path(folder).resolve() / "migrations"
    ```
    """

    root: Path
    app: str
    metadata: str
    settings: str = "fastgres.settings:Settings"
    migrations: Path = Path("migrations")
    seed: str | None = None
    companions: str | None = None
    celery: str | None = None

    @property
    def state_directory(self) -> Path:
        """Where this machine's own state is kept; not for version control."""
        return self.root / ".fastgres"

    @staticmethod
    def root_above(start: Path) -> Path | None:
        """Return the nearest folder at or above `start` whose pyproject has the table, or None."""
        start = start.resolve()
        for folder in (start, *start.parents):
            if _table(folder / "pyproject.toml") is not None:
                return folder
        return None

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Return the project at or above `start`, by default the working directory.

        Raises:
            ConfigurationError: when there is none, or its table lacks a key; says what to add.
            UnknownNameError: when the table has a key that fastgres does not know.
        """
        start = start or Path.cwd()
        root = cls.root_above(start)
        if root is None:
            raise ConfigurationError(
                f"No pyproject.toml with a [tool.fastgres] table at or above {start}, so it is "
                "unknown which application is meant. Change to the project's folder, or add to "
                f"its pyproject.toml:\n{_EXAMPLE}"
            )
        return cls._read(root, _table(root / "pyproject.toml") or {})

    @classmethod
    def _read(cls, root: Path, table: dict[str, Any]) -> Project:
        known = [field.name for field in fields(cls) if field.name != "root"]
        for key, value in table.items():
            if key not in known:
                raise UnknownNameError("key of [tool.fastgres]", key, known)
            if not isinstance(value, str):
                raise ConfigurationError(
                    f"[tool.fastgres] {key} = {value!r} in {root / 'pyproject.toml'} must be text."
                )
        missing = [key for key in ("app", "metadata") if key not in table]
        if missing:
            raise ConfigurationError(
                f"[tool.fastgres] in {root / 'pyproject.toml'} lacks {' and '.join(missing)}. "
                f"A whole one is:\n{_EXAMPLE}"
            )
        folder = root / table.get("migrations", "migrations")
        return cls(root=root, **(table | {"migrations": folder}))

    def load(self, target: Target) -> Any:
        """Import and return the object that the table names for `target`.

        The project's root and its `src` folder are made importable first.

        Raises:
            ConfigurationError: when the table does not name one, or it cannot be imported.
        """
        path = getattr(self, target)
        if path is None:
            raise ConfigurationError(
                f"[tool.fastgres] in {self.root / 'pyproject.toml'} names no {target}; add for "
                f'example {target} = "package.module:{target}".'
            )
        module_name, colon, attribute = path.partition(":")
        if not (module_name and colon and attribute):
            raise ConfigurationError(
                f"[tool.fastgres] {target} = {path!r} must be written 'package.module:attribute'."
            )
        self._make_importable()
        module = self._import(target, module_name)
        return _attribute(module, attribute, f"[tool.fastgres] {target} = {path!r}")

    def _make_importable(self) -> None:
        for folder in (self.root, self.root / "src"):
            if folder.is_dir() and str(folder) not in sys.path:
                sys.path.insert(0, str(folder))

    def _import(self, target: str, name: str) -> Any:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if name == missing or name.startswith(f"{missing}."):
                raise ConfigurationError(
                    f"[tool.fastgres] {target} names the module {name!r}, but there is no "
                    f"{missing!r} below {self.root} and none is installed."
                ) from error
            raise ConfigurationError(
                f"{name!r} ({target} of this project) imports {missing!r}, which is not "
                "installed. Install it, or correct the import."
            ) from error


def _table(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}.") from error
    table = tool.get("fastgres")
    return table if isinstance(table, dict) else None


def _attribute(module: Any, path: str, where: str) -> Any:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            near = nearest(name, [known for known in dir(found) if not known.startswith("_")])
            hint = f"; did you mean {near!r}?" if near else "."
            raise ConfigurationError(f"{where}: {module.__name__!r} has no {name!r}{hint}")
        found = getattr(found, name)
    return found
