"""Values of a call that PostgreSQL refuses, told with the name under which they were given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, BindParameter, Integer, SmallInteger
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression

from fastgres.errors import ConfigurationError, FieldProblem, OutOfRangeError
from fastgres.reads.written import DIALECT

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_MOST: Final = (1 << 31) - 1
_BITS: Final[tuple[tuple[type[TypeEngine[Any]], int], ...]] = (
    (SmallInteger, 16),
    (BigInteger, 64),
    (Integer, 32),
)
_SHOWN: Final = 100
"""Characters of a value that are told."""


def check_limit(limit: int) -> None:
    """Refuse what is no number of rows: 422 for a number, which a client may have given.

    ```python
    import pytest
    from fastgres.errors import OutOfRangeError
    from fastgres.reads import check_limit

    with pytest.raises(OutOfRangeError, match="limit: -1 is not"):
        check_limit(-1)
    ```
    """
    if not isinstance(limit, int):
        raise ConfigurationError(
            f"limit={limit!r} is a {type(limit).__name__}, and a number of rows is an int. A "
            "parameter of a route is read as one when it is annotated, "
            "`limit: Annotated[int, Query(ge=1, le=100)]`."
        )
    if not 0 <= limit <= _MOST:
        message = f"{str(limit)[:_SHOWN]} is not between 0 and {_MOST}."
        problem = FieldProblem(("query", "limit"), OutOfRangeError.code, message)
        raise OutOfRangeError(f"limit: {message}", fields=[problem])


def naming(
    error: OutOfRangeError, where: Iterable[Any], values: Mapping[str, Any]
) -> OutOfRangeError:
    """Return the error with the column whose value PostgreSQL could not take, if it is to be found.

    `values` are those of the named parameters; others have theirs in the conditions.

    ```python
    from fastgres.errors import OutOfRangeError
    from fastgres.reads import naming
    from shop.models import Product

    error = naming(OutOfRangeError(), [Product.id == "mug"], {})
    assert str(error) == "id: 'mug' is not of type UUID."
    ```
    """
    for column, parameter in _compared(where):
        value: Any = values.get(parameter.key, parameter.effective_value)
        for each in value or () if parameter.expanding else (value,):
            if not _fits(each, parameter.type):
                kind = parameter.type.compile(dialect=DIALECT)
                return OutOfRangeError(f"{column}: {repr(each)[:_SHOWN]} is not of type {kind}.")
    return error


def _compared(where: Iterable[Any]) -> Iterator[tuple[str, BindParameter[Any]]]:
    """Yield the parameters that conditions compare with a column, and the column's name."""
    for condition in where:
        for each in visitors.iterate(condition):
            if not isinstance(each, BinaryExpression):
                continue
            for one, other in ((each.left, each.right), (each.right, each.left)):
                name = getattr(one, "key", None)
                if isinstance(other, BindParameter) and name is not None:
                    yield str(name), other


def _fits(value: object, kind: TypeEngine[Any]) -> bool:
    """Tell whether a column of this type may hold the value; True where only PostgreSQL knows."""
    try:
        wanted = kind.python_type
    except NotImplementedError:
        return True
    if value is None or wanted is object:
        return True
    if wanted is UUID and isinstance(value, str):
        return _is_uuid(value)
    if wanted is int and isinstance(value, int):
        bits = next((bits for each, bits in _BITS if isinstance(kind, each)), None)
        return bits is None or -(1 << (bits - 1)) <= value < 1 << (bits - 1)
    numbers = (int, float, Decimal)
    return isinstance(value, numbers if wanted in numbers[1:] else wanted)


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
