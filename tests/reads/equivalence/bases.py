"""What drawn models inherit from: settings and methods that matter, and some that must not."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import (
    AliasGenerator,
    BaseModel,
    ConfigDict,
    PrivateAttr,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel


class Reading(BaseModel):
    """What most services write."""

    model_config = ConfigDict(from_attributes=True)


class Frozen(BaseModel):
    """Settings that change neither what is read nor what is written."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", title="Frozen", use_attribute_docstrings=True
    )
    family: ClassVar[str] = "not a field"


class Private(BaseModel):
    """An attribute of the object in Python only."""

    _cache: dict[str, Any] = PrivateAttr(default_factory=dict)


class CamelCase(BaseModel):
    """The names that clients in JavaScript want; attributes are found by the names of fields."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ShoutingKeys(BaseModel):
    """An alias for writing only."""

    model_config = ConfigDict(alias_generator=AliasGenerator(serialization_alias=str.upper))


class ByNameOnly(BaseModel):
    """Aliases are not looked for when reading."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=False
    )


class Computed(BaseModel):
    """A value that only Python computes."""

    @computed_field  # type: ignore[prop-decorator]  # mypy does not know properties below decorators
    @property
    def weight(self) -> int:
        return len(type(self).model_fields)


class Serialized(BaseModel):
    """Every value is written by Python."""

    @field_serializer("*")
    def _write(self, value: Any) -> str:
        return type(value).__name__


class Validated(BaseModel):
    """Every value is seen by Python."""

    @field_validator("*")
    @classmethod
    def _see(cls, value: Any) -> Any:
        return value.swapcase() if type(value) is str else value


class ValidatedBefore(BaseModel):
    """Python sees the row before the fields do."""

    @model_validator(mode="before")
    @classmethod
    def _see(cls, row: Any) -> Any:
        return row


class ValidatedAfter(BaseModel):
    """Python sees the finished model."""

    @model_validator(mode="after")
    def _see(self) -> ValidatedAfter:
        return self


class SerializedAsList(BaseModel):
    """The model is not even written as an object."""

    @model_serializer(mode="plain")
    def _write(self) -> list[str]:
        return sorted(type(self).model_fields)


class PostInit(BaseModel):
    """Python runs when the model is made."""

    def model_post_init(self, context: Any, /) -> None:
        for name, value in self:
            if isinstance(value, int):
                object.__setattr__(self, name, 7)


class Stripping(BaseModel):
    """Text is changed."""

    model_config = ConfigDict(str_strip_whitespace=True, str_to_upper=True)


class Valued(BaseModel):
    """Enums become their values."""

    model_config = ConfigDict(use_enum_values=True)


class InfinityAsText(BaseModel):
    """NaN is written as text."""

    model_config = ConfigDict(ser_json_inf_nan="strings")


class InfinityAsConstant(BaseModel):
    """NaN is written as what JSON does not have."""

    model_config = ConfigDict(ser_json_inf_nan="constants")


class OtherSpelling(BaseModel):
    """Times and bytes are written in other ways."""

    model_config = ConfigDict(
        ser_json_timedelta="float", ser_json_bytes="base64", val_json_bytes="base64"
    )


class MomentsAsNumbers(BaseModel):
    """All times are numbers of seconds."""

    model_config = ConfigDict(ser_json_temporal="seconds")


class Lenient(BaseModel):
    """Numbers are taken for text."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Strict(BaseModel):
    """Nothing is converted."""

    model_config = ConfigDict(strict=True, from_attributes=True)


PLAIN: Final[tuple[type[BaseModel], ...]] = (
    *(BaseModel, Reading, Reading, Frozen),
    *(CamelCase, ShoutingKeys, ByNameOnly),
)
"""Models below these must compile."""

ODD: Final[tuple[type[BaseModel], ...]] = (
    *(Computed, Serialized, Validated, ValidatedBefore, ValidatedAfter, SerializedAsList, PostInit),
    *(Stripping, Valued, InfinityAsText, InfinityAsConstant, OtherSpelling, MomentsAsNumbers),
    *(Lenient, Strict, Private),
)
"""Models below these are read either way; their bytes must be right."""
