"""What the expressions in a function's source stand for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import pytest
from fastapi import Depends

from fastgres.dev.names import Bound, Instance, Source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Engine:
    """What everything leads to."""

    @classmethod
    def made(cls) -> Self:
        """Return one."""
        return cls()


@dataclass
class Car:
    """With a field, an attribute that is assigned, and properties."""

    engine: Engine

    @property
    def spare(self) -> Engine:
        """Another."""
        return Engine()

    def start(self) -> Engine:
        """Return what runs."""
        return self.engine


class Garage:
    """Assigns what it is given."""

    def __init__(self, car: Car) -> None:
        self.car = car
        self.other = Engine()


async def _engine() -> Engine:
    return Engine()


async def _lent() -> AsyncIterator[Engine]:
    yield Engine()


EngineDep = Annotated[Engine, Depends(_engine)]
ENGINE = Engine()


def resolved(function: Callable[..., Any]) -> Any:
    """Return what stands in the `return` of a function."""
    source = Source.of(function, {})
    assert source is not None
    (returned,) = (node for node in ast.walk(source.tree) if isinstance(node, ast.Return))
    assert returned.value is not None
    return source.names.resolve(returned.value)


def by_alias(it: EngineDep) -> Any:
    return it


def by_annotated(it: Annotated[Engine, Depends(_engine)]) -> Any:
    return it


def by_optional(it: Engine | None) -> Any:
    return it


def by_text(it: "Engine") -> Any:  # noqa: UP037 - as it is in older code
    return it


def by_default(it=Depends(_engine)) -> Any:  # type: ignore[no-untyped-def]  # noqa: ANN001, B008 - as in older code
    return it


def by_generator(it=Depends(_lent)) -> Any:  # type: ignore[no-untyped-def]  # noqa: ANN001, B008 - as in older code
    return it


def by_call() -> Any:
    return Engine()


def by_class_method() -> Any:
    return Engine.made()


def by_assignment() -> Any:
    engine = Engine()
    again = engine
    return again  # noqa: RET504 - what is tried


async def by_await() -> Any:
    return await _engine()


def by_field(car: Car) -> Any:
    return car.engine


def by_property(car: Car) -> Any:
    return car.spare


def by_method(car: Car) -> Any:
    return car.start()


def by_attribute(garage: Garage) -> Any:
    return garage.other


def by_attributes(garage: Garage) -> Any:
    return garage.car.engine


BY = [value for name, value in list(globals().items()) if name.startswith("by_")]


@pytest.mark.parametrize("function", BY, ids=lambda function: function.__name__)
def test_an_instance_is_known_by_what_it_comes_from(function: Callable[..., Any]) -> None:
    """Annotations, dependencies, calls and attributes lead to the class."""
    assert resolved(function) == Instance(Engine)


def test_a_name_is_what_the_module_or_the_function_around_calls_so() -> None:
    """The object itself, not just its class."""
    inner = Engine()

    def closes_over() -> Any:
        return inner

    def is_global() -> Any:
        return ENGINE

    assert resolved(closes_over) is inner
    assert resolved(is_global) is ENGINE


def test_a_method_knows_on_what_it_was_looked_up() -> None:
    """For what its `self` stands for."""

    def method(car: Car) -> Any:
        return car.start

    assert resolved(method) == Bound(Car, Car.start)  # type: ignore[arg-type]  # a function when looked up on the class


def test_what_cannot_be_told_is_none() -> None:
    """An index, a name that is made of itself, what has no source."""

    def unknown(anything: Any) -> Any:
        return anything.attribute[0].other()

    def circle() -> Any:
        one: Any = None
        one = one.other()
        return one.other()

    assert resolved(unknown) is None
    assert resolved(circle) is None
    assert Source.of(len, {}) is None
    assert Source.of(lambda: None, {}) is None
