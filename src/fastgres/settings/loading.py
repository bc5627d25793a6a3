"""The friendly door to settings: every fault in one message, no secret in it."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

from pydantic import SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from fastgres.errors import ConfigurationError
from fastgres.settings.model import Settings, list_faults
from fastgres.settings.secrecy import mask_credentials, names_secret

S = TypeVar("S", bound=Settings)


def load_settings(cls: type[S], **values: Any) -> S:
    """Read settings from the environment; `values` win over what it says.

    Raises:
        ConfigurationError: naming every variable that is missing, has a bad value or is unsafe
            in production, what it is and what is allowed. Secrets are never repeated.
        UnknownNameError: when `.env` has a key that looks like a misspelt setting.

    ```python
    from fastgres.settings import Settings, load_settings

    settings = load_settings(Settings, environment="test", port=9000)
    assert settings.port == 9000
    ```
    """
    try:
        return cls(**values)
    except ValidationError as error:
        faults = dict(_value_faults(cls, error))
        unsafe = _production_faults(values, set(faults))
        raise ConfigurationError(list_faults(faults | unsafe)) from None
    except SettingsError as error:
        raise ConfigurationError(f"{error}; write it as JSON.") from None


class _Draft(Settings):
    """Settings read only to say what else is wrong with them."""

    enforced: ClassVar[bool] = False


def _production_faults(values: dict[str, Any], bad: set[str]) -> dict[str, str]:
    known = {name: value for name, value in values.items() if name in Settings.model_fields}
    defaults = {
        name: Settings.model_fields[name].get_default(call_default_factory=True, validated_data={})
        for name in bad & set(Settings.model_fields)
    }
    try:
        draft = _Draft(**(known | defaults))
    except (ValidationError, SettingsError):
        return {}
    faults = draft.production_faults() if draft.is_production else {}
    return {field: fault for field, fault in faults.items() if field not in bad}


def _value_faults(cls: type[Settings], error: ValidationError) -> Iterator[tuple[str, str]]:
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":
            continue  # follows from another fault of the list
        name = str(detail["loc"][0]) if detail["loc"] else "settings"
        yield name, _fault(cls, name, detail)


def _fault(cls: type[Settings], name: str, detail: ErrorDetails) -> str:
    field = cls.model_fields.get(name)
    if detail["type"] == "missing":
        return f"is not set; it is needed: {(field and field.description) or 'no default'}"
    allowed = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    allowed = allowed[:1].lower() + allowed[1:]
    if field is None or names_secret(name) or holds_secret(field.annotation):
        return allowed
    return f"= {mask_credentials(repr(detail['input']))}: {allowed}"


def holds_secret(annotation: Any) -> bool:
    """Return whether a field of this type may hold a secret."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType, typing.Annotated}:
        return any(holds_secret(part) for part in typing.get_args(annotation))
    return annotation in {SecretStr, SecretBytes}
