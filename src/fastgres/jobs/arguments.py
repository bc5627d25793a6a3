"""The arguments of a job: checked against its signature, stored as JSON, read again later."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NotRequired, get_type_hints

from pydantic import (
    ConfigDict,
    PydanticSchemaGenerationError,
    PydanticUndefinedAnnotation,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticSerializationError, from_json, to_json
from typing_extensions import TypedDict

from fastgres.errors import ConfigurationError, JobArgumentsError, StoredArgumentsError
from fastgres.jobs.running import RunningJob

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_BYTES = 65_536
"""Bytes that the stored arguments of one job may have."""

Upgrade = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Turns the stored arguments of one version into those of the next.

```python
from fastgres.jobs import Upgrade

renamed: Upgrade = lambda old: {"order_id": old["order"]}
assert renamed({"order": 7}) == {"order_id": 7}
```
"""

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Arguments:
    """What one job takes, as its signature says, and the way there from older versions."""

    def __init__(self, name: str, function: Callable[..., Any], version: int) -> None:
        self.name = name
        self.version = version
        self.upgrades: dict[int, Upgrade] = {}
        parameters, hints = _parameters(name, function)
        self.wants_running = bool(parameters) and hints[parameters[0].name] is RunningJob
        if self.wants_running:
            parameters = parameters[1:]
        self._signature = inspect.Signature(parameters)
        self.names = tuple(self._signature.parameters)
        self._adapter = _adapter(name, parameters, hints)

    def check(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, defaults too; raise `JobArgumentsError` if they misfit."""
        try:
            bound = self._signature.bind(*given, **named)
        except TypeError as error:
            raise JobArgumentsError(self.name, f"{error}.") from error
        bound.apply_defaults()
        try:
            return self._adapter.validate_python(bound.arguments)
        except ValidationError as error:
            raise JobArgumentsError(self.name, _in_words(error)) from error

    def write(self, arguments: Mapping[str, Any]) -> str:
        """Return the JSON to store."""
        try:
            data = self._adapter.dump_json(dict(arguments), warnings="error")
        except (PydanticSerializationError, ValueError) as error:
            raise JobArgumentsError(self.name, f"{error} when written as JSON.") from error
        if len(data) > MAX_BYTES:
            raise JobArgumentsError(
                self.name, f"as JSON they have {len(data):,} bytes, more than {MAX_BYTES:,}."
            )
        return data.decode()

    def read(self, stored: str, version: int) -> dict[str, Any]:
        """Return the arguments of a stored job, of this version or an older one.

        Raises `StoredArgumentsError`, which holds none of their values, when they do not fit.
        """
        if version < self.version:
            stored = self._upgraded(stored, version)
        try:
            return self._adapter.validate_json(stored)
        except ValidationError as error:
            raise self._misfit(_in_words(error), version) from None

    def _misfit(self, reason: str, version: int) -> StoredArgumentsError:
        if version < self.version:
            advice = (
                f"Its upgrades lead there: mend {self.name}.upgrade({self.version - 1}), so that "
                f"it returns what the function of version {self.version} declares."
            )
        else:
            advice = (
                "An earlier release of the function declared others: raise version= of the job to "
                f"{version + 1}, and add @{self.name}.upgrade({version}), which turns the old "
                "arguments into the new."
            )
        return StoredArgumentsError(self.name, reason, version=version, advice=advice)

    def _upgraded(self, stored: str, version: int) -> str:
        arguments = from_json(stored)
        for step in range(version, self.version):
            if step not in self.upgrades:
                raise StoredArgumentsError(
                    self.name,
                    f"no upgrade({step}) leads to version {step + 1}.",
                    version=version,
                    advice=f"Add @{self.name}.upgrade({step}), which returns those of the next.",
                )
            arguments = dict(self.upgrades[step](arguments))
        return to_json(arguments).decode()


def _parameters(
    name: str, function: Callable[..., Any]
) -> tuple[list[inspect.Parameter], dict[str, Any]]:
    parameters = list(inspect.signature(function).parameters.values())
    hints = _hints(name, function)
    for place, parameter in enumerate(parameters):
        if parameter.kind in _VARIADIC:
            refuse(name, f"{parameter} takes anything", "Name each argument.")
        if parameter.name not in hints:
            refuse(name, f"{parameter.name!r} has no type", "Write one; it is what is checked.")
        if hints[parameter.name] is RunningJob and place > 0:
            refuse(name, f"{parameter.name!r} is the running job", "Make it the first parameter.")
    return parameters, hints


def _hints(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        message = (
            f"The job {name!r} cannot be declared: the type {error.name!r} of an argument is not "
            "known when the program runs, and it is what arguments are checked against. Import it "
            "at the top of the module, outside `if TYPE_CHECKING:`, and declare it before the job."
        )
        raise ConfigurationError(message) from error


def refuse(name: str, what: str, advice: str) -> None:
    """Raise what a developer reads whose job cannot be declared as it is written."""
    raise ConfigurationError(
        f"The job {name!r} cannot be declared: {what}. Its arguments are stored as JSON, and "
        f"checked when it is enqueued and when it runs. {advice}"
    )


def _adapter(
    name: str, parameters: list[inspect.Parameter], hints: dict[str, Any]
) -> TypeAdapter[dict[str, Any]]:
    fields: dict[str, Any] = {
        parameter.name: hints[parameter.name]
        if parameter.default is inspect.Parameter.empty
        else NotRequired[hints[parameter.name]]
        for parameter in parameters
    }
    make: Any = TypedDict
    shape = make("Arguments", fields)
    shape.__pydantic_config__ = ConfigDict(
        extra="forbid", ser_json_inf_nan="strings", hide_input_in_errors=True
    )
    try:
        return TypeAdapter(shape)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation) as error:
        message = (
            f"The job {name!r} cannot be declared: {error} Its arguments are stored as JSON, so "
            "that each needs a type that Pydantic can write and read."
        )
        raise ConfigurationError(message) from error


def _in_words(error: ValidationError) -> str:
    return (
        "; ".join(
            _problem(detail) for detail in error.errors(include_url=False, include_input=False)
        )
        + "."
    )


def _problem(detail: ErrorDetails) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "they"
    return f"{place}: {detail['msg']}"
