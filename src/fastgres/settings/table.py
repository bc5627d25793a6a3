"""Settings as a table: for the reference page and for `fastgres settings`."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fastgres.settings.loading import holds_secret
from fastgres.settings.model import Settings
from fastgres.settings.secrecy import MASK, mask_credentials, names_secret


@dataclass(frozen=True, slots=True)
class SettingRow:
    """Describe one setting; `default` is shown as one would write it, empty when required.

    ```python
    from fastgres.settings import SettingRow, Settings, describe_settings

    first: SettingRow = describe_settings(Settings)[0]
    assert (first.variable, first.default) == ("ENVIRONMENT", "development")
    ```
    """

    name: str
    variable: str
    type: str
    default: str
    description: str
    required: bool
    secret: bool


def describe_settings(cls: type[Settings]) -> list[SettingRow]:
    """Return one row a field, in the order of the class.

    ```python
    from fastgres.settings import Settings, describe_settings

    rows = {row.variable: row for row in describe_settings(Settings)}
    assert rows["PORT"].default == "8000"
    assert rows["SECRET_KEY"].secret
    ```
    """
    return [_row(name, field) for name, field in cls.model_fields.items()]


def settings_table(cls: type[Settings]) -> str:
    """Return the settings as a Markdown table.

    ```python
    from fastgres.settings import Settings, settings_table

    assert "| `PORT` | integer | `8000` |" in settings_table(Settings)
    ```
    """
    lines = ["| variable | type | default | what it does |", "| --- | --- | --- | --- |"]
    for row in describe_settings(cls):
        default = row.default if "`" in row.default else f"`{row.default}`" if row.default else ""
        cells = (f"`{row.variable}`", row.type, default, row.description)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _row(name: str, field: FieldInfo) -> SettingRow:
    return SettingRow(
        name=name,
        variable=name.upper(),
        type=_type(field.annotation),
        default=MASK if names_secret(name) and isinstance(field.default, str) else _default(field),
        description=field.description or "",
        required=field.is_required(),
        secret=holds_secret(field.annotation),
    )


_NAMES: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}


def _type(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(str(part) for part in parts)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if origin is typing.Annotated:
        return _type(parts[0])
    if origin is list:
        return "list, comma separated"
    return _NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if isinstance(field.json_schema_extra, dict) and "default" in field.json_schema_extra:
        return str(field.json_schema_extra["default"])
    if field.default is None or field.default is PydanticUndefined:
        return ""
    match field.default:
        case SecretStr():
            return "development only"
        case bool():
            return str(field.default).lower()
        case list():
            return ",".join(str(item) for item in field.default)
        case _:
            return mask_credentials(str(field.default))
