"""The mapped class of a repository, taken from its generic argument, and statements on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapper

from fastgres.db import include_deleted as with_deleted
from fastgres.errors import ConfigurationError, NotFoundError
from fastgres.repository.columns import noun, primary_key

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select
    from sqlalchemy.sql.base import ExecutableOption

    from fastgres.db import Session

Model = TypeVar("Model", bound=DeclarativeBase)

Key = UUID | int | str | tuple[object, ...]
"""A primary key; the values of a composite one stand in a tuple, in the order of its columns."""


class EntityAccess(Generic[Model]):
    """Know the mapped class and the session; the concerns of a repository build on it."""

    model: type[Model]
    default_options: ClassVar[Sequence[ExecutableOption]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        arguments = [
            each for base in vars(cls).get("__orig_bases__", ()) for each in get_args(base)
        ]
        mapped = [each for each in arguments if isinstance(inspect(each, raiseerr=False), Mapper)]
        if mapped:
            cls.model = mapped[0]
        elif not hasattr(cls, "model") and not getattr(cls, "__parameters__", ()):
            raise ConfigurationError(
                f"{cls.__name__} does not say which mapped class it keeps"
                f"{f' ({arguments[0]!r} is none)' if arguments else ''}. Name it in brackets: "
                f"`class {cls.__name__}(Repository[Product])`."
            )

    def __init__(self, session: Session) -> None:
        if not hasattr(self, "model"):
            raise ConfigurationError(
                f"{type(self).__name__} cannot be used without a mapped class. Make a class for "
                "it: `class ProductRepository(Repository[Product])`."
            )
        self.session = session

    def _select(
        self,
        *where: ColumnExpressionArgument[bool],
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Select[Any]:
        statement = select(self.model).where(*where).options(*self.default_options, *options)
        return with_deleted(statement) if include_deleted else statement

    def _select_keys(
        self, *where: ColumnExpressionArgument[bool], include_deleted: bool = False
    ) -> Select[Any]:
        statement = select(*primary_key(self.model)).where(*where)
        return with_deleted(statement) if include_deleted else statement

    def _key_order(self) -> list[ColumnElement[Any]]:
        return [column.expression for column in primary_key(self.model)]

    def _not_found(self, keys: Sequence[Key]) -> NotFoundError:
        names = ", ".join(
            "/".join(map(str, key)) if isinstance(key, tuple) else str(key) for key in keys
        )
        return NotFoundError(f"There is no {noun(self.model)} {names}.")
