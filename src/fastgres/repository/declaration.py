"""What a query model declares, read once when the class is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastgres.errors import ConfigurationError
from fastgres.repository.annotations import filter_in, is_list, literal_values, value_types
from fastgres.repository.filtering import LIST_OPERATORS, TEXT_OPERATORS

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from fastgres.repository.filtering import Operator

_PAGING: Final = frozenset({"cursor", "page", "size", "sort"})


@dataclass(frozen=True, slots=True)
class DeclaredFilter:
    """One filter: the field, its name in the URL, the column it names and its values' types."""

    field: str
    parameter: str
    column: str
    operator: Operator
    types: frozenset[type]


@dataclass(frozen=True, slots=True)
class Declaration:
    """The filters, the sorts and all parameter names of a query model."""

    name: str
    filters: tuple[DeclaredFilter, ...]
    sorts: tuple[str, ...]
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, query: type[BaseModel]) -> Declaration:
        """Read a query model; raise `ConfigurationError` for what cannot work."""
        fields = query.model_fields
        return cls(
            name=query.__name__,
            filters=tuple(
                _filter(query, name, info)
                for name, info in fields.items()
                if name not in _PAGING and _operator(info) != "custom"
            ),
            sorts=_sorts(query, fields["sort"]) if "sort" in fields else (),
            parameters=tuple(sorted(_parameter(name, info) for name, info in fields.items())),
        )


def _operator(info: FieldInfo) -> Operator:
    return filter_in(info.annotation, info.metadata).operator


def _parameter(name: str, info: FieldInfo) -> str:
    alias = info.validation_alias or info.alias
    return alias if isinstance(alias, str) else name


def _filter(query: type[BaseModel], name: str, info: FieldInfo) -> DeclaredFilter:
    declared = filter_in(info.annotation, info.metadata)
    types = value_types(info.annotation)
    wanted = _wanted_annotation(declared.operator, types, several=is_list(info.annotation))
    if wanted:
        raise ConfigurationError(
            f"{query.__name__}.{name} filters with {declared.operator!r}, which needs a field of "
            f"type {wanted}, and is annotated {info.annotation!r}. Write "
            f'`{name}: Annotated[{wanted} | None, Filter("{declared.operator}")] = None`.'
        )
    column = declared.column or name
    return DeclaredFilter(name, _parameter(name, info), column, declared.operator, types)


def _wanted_annotation(kind: Operator, types: frozenset[type], *, several: bool) -> str | None:
    if several != (kind in LIST_OPERATORS):
        name = next(iter(types)).__name__ if types else "Any"
        return name if several else f"list[{name}]"
    if kind in TEXT_OPERATORS and types and not all(issubclass(each, str) for each in types):
        return "str"
    if kind == "is_null" and types != {bool}:
        return "bool"
    return None


def _sorts(query: type[BaseModel], info: FieldInfo) -> tuple[str, ...]:
    allowed = literal_values(info.annotation)
    names = tuple(each for each in allowed or () if isinstance(each, str) and each.strip("-, "))
    if not names or len(names) != len(allowed or ()):
        raise ConfigurationError(
            f"{query.__name__}.sort is annotated {info.annotation!r}, so that a client could sort "
            "by anything. List what is allowed: "
            '`sort: Literal["-created_at", "name,-price"] = "-created_at"`.'
        )
    return names
