"""Unknown parameters and sorts, told with what is allowed and what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from fastgres.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import LiteralString

    from pydantic_core import ErrorDetails

    from fastgres.repository.declaration import Declaration

_MOST_UNKNOWN: Final = 20
_LONGEST_NAME: Final = 100
_UNKNOWN_PARAMETER: Final = "extra_forbidden"
_PYDANTICS_OWN: Final = frozenset(get_args(ErrorType))
_MESSAGE: Final = "There is no {kind} '{name}'{hint} Allowed: {listed}."


def explained(error: ValidationError, declaration: Declaration) -> ValidationError:
    """Return the error with unknown parameters and sorts explained; at most 20 of them."""
    lines = error.errors(include_url=False)
    known = [line for line in lines if line["type"] != _UNKNOWN_PARAMETER]
    unknown = [line for line in lines if line["type"] == _UNKNOWN_PARAMETER]
    details = [_detail(line, declaration) for line in known + unknown[:_MOST_UNKNOWN]]
    return ValidationError.from_exception_data(error.title, details)


def _detail(line: ErrorDetails, declaration: Declaration) -> InitErrorDetails:
    kind: str | PydanticCustomError = line["type"]
    context = line.get("ctx", {})
    if kind == _UNKNOWN_PARAMETER:
        kind = _unknown("parameter", str(line["loc"][-1]), declaration.parameters)
    elif kind == "literal_error" and line["loc"][0] == "sort":
        kind = _unknown("sort", str(line["input"]), declaration.sorts)
    elif kind not in _PYDANTICS_OWN:
        kind = _custom(kind, line["msg"], context)
    return InitErrorDetails(type=kind, loc=line["loc"], input=line["input"], ctx=context)


def _unknown(kind: LiteralString, name: str, allowed: Iterable[str]) -> PydanticCustomError:
    name = name[:_LONGEST_NAME]
    suggestion = nearest(name, allowed)
    context = {
        "kind": kind,
        "name": name,
        "allowed": list(allowed),
        "listed": ", ".join(allowed) or "none",
        "suggestion": suggestion,
        "hint": f"; did you mean '{suggestion}'?" if suggestion else ".",
    }
    return PydanticCustomError(f"unknown_{kind}", _MESSAGE, context)


def _custom(kind: Any, message: Any, context: dict[str, Any]) -> PydanticCustomError:
    """Keep an error of the service's own validator; pydantic wants its names literal."""
    return PydanticCustomError(kind, message, context)
