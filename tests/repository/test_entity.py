"""The mapped class of a repository."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest

from fastgres.db import Session
from fastgres.errors import ConfigurationError
from fastgres.repository import Repository
from tests.models import Author, LibraryBase
from tests.repository.books import an_author

Model = TypeVar("Model", bound=LibraryBase)


def model_of(repository: Any) -> Any:
    """Return the mapped class, which mypy lets nobody read from a generic class."""
    return repository.model


def test_model_is_the_generic_argument() -> None:
    """Nothing else needs to be written."""

    class Authors(Repository[Author]): ...

    assert model_of(Authors) is Author


def test_model_is_inherited() -> None:
    """A repository of a repository keeps its class."""

    class Authors(Repository[Author]): ...

    class LivingAuthors(Authors): ...

    assert model_of(LivingAuthors) is Author


def test_generic_repository_in_between() -> None:
    """A service's own base of repositories stays generic until somebody names a class."""

    class Audited(Repository[Model], Generic[Model]): ...

    class Authors(Audited[Author]): ...

    assert not hasattr(Audited, "model")
    assert model_of(Authors) is Author


def test_missing_argument_is_refused_when_the_class_is_made() -> None:
    """The message can be pasted."""
    with pytest.raises(ConfigurationError, match=r"`class Authors\(Repository\[Product\]\)`"):

        class Authors(Repository): ...  # type: ignore[type-arg]  # this is the mistake


def test_class_that_is_not_mapped_is_refused() -> None:
    """An abstract base has no table."""
    with pytest.raises(ConfigurationError, match="LibraryBase"):

        class Anything(Repository[LibraryBase]): ...


async def test_repository_itself_cannot_be_used(session: Session) -> None:
    """It has no class to read."""
    await an_author(session)
    with pytest.raises(ConfigurationError, match="cannot be used without a mapped class"):
        Repository[Author](session)
