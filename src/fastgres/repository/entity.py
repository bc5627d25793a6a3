"""The mapped class of a repository, the scope it is confined to, and statements on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapper

from fastgres.db import include_deleted as with_deleted
from fastgres.errors import ConfigurationError, NotFoundError
from fastgres.reads import closed
from fastgres.repository.columns import noun, primary_key
from fastgres.repository.scope import Scope, check_declared

if TYPE_CHECKING:
    from typing import Self

    from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.sql.base import ExecutableOption

    from fastgres.db import Session

Model = TypeVar("Model", bound=DeclarativeBase)

Key = UUID | int | str | tuple[object, ...]
"""A primary key; the values of a composite one stand in a tuple, in the order of its columns."""


class EntityAccess(Generic[Model]):
    """Know the mapped class, the session and the scope; a repository's concerns build on it."""

    model: type[Model]
    default_options: ClassVar[Sequence[ExecutableOption]] = ()
    scoped_by: ClassVar[Sequence[str]] = ()
    _scope_required = True

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
        if isinstance(cls.scoped_by, str):
            raise ConfigurationError(
                f"{cls.__name__}.scoped_by is the text {cls.scoped_by!r}, whose letters would be "
                f"taken for columns. Write `scoped_by = ({cls.scoped_by!r},)`."
            )

    def __init__(self, session: Session, /, **scope: Any) -> None:
        if not hasattr(self, "model"):
            raise ConfigurationError(
                f"{type(self).__name__} cannot be used without a mapped class. Make a class for "
                "it: `class ProductRepository(Repository[Product])`."
            )
        if self._scope_required:
            check_declared(type(self).__name__, declared=self.scoped_by, given=scope)
        self.session = session
        given = {name: scope[name] for name in self.scoped_by or scope if name in scope}
        self._scope = Scope.of(self.model, given) if given else Scope()

    @classmethod
    def unscoped(cls, session: Session, /) -> Self:
        """Make the repository for every row, whatever `scoped_by` says; for what nobody owns.

        ```python
        from fastgres.repository import Repository
        from shop.models import Order

        class OrderRepository(Repository[Order]):
            scoped_by = ("customer_id",)

        assert await OrderRepository.unscoped(session).count() == 0
        ```
        """
        repository = cls.__new__(cls)
        repository._scope_required = False  # noqa: SLF001  it is one of this class
        cls.__init__(repository, session)
        return repository

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return the values that the repository was made with, by column; empty without a scope."""
        return self._scope.values

    def scope_pairs(self) -> tuple[tuple[InstrumentedAttribute[Any], Any], ...]:
        """Return the columns of the scope, each with its value."""
        return self._scope.pairs

    def scope_conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions of the scope, for a statement of your own.

        ```python
        from sqlalchemy import func, select
        from fastgres.repository import Repository
        from shop.models import Order

        class OrderRepository(Repository[Order]):
            scoped_by = ("customer_id",)

            async def turnover(self) -> object:
                mine = self.scope_conditions()
                return await self.session.scalar(select(func.sum(Order.total)).where(*mine))
        ```
        """
        return self._scope.conditions()

    def _where(self, *where: ColumnExpressionArgument[bool]) -> list[Any]:
        """Return the conditions of the scope and these, none of which can undo another."""
        return [*self._scope.conditions(), *closed(where)]

    def _select(
        self,
        *where: ColumnExpressionArgument[bool],
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Select[Any]:
        statement = select(self.model).where(*self._where(*where))
        statement = statement.options(*self.default_options, *options)
        return with_deleted(statement) if include_deleted else statement

    def _select_keys(
        self, *where: ColumnExpressionArgument[bool], include_deleted: bool = False
    ) -> Select[Any]:
        statement = select(*primary_key(self.model)).where(*self._where(*where))
        return with_deleted(statement) if include_deleted else statement

    def _key_order(self) -> list[ColumnElement[Any]]:
        return [column.expression for column in primary_key(self.model)]

    def _not_found(self, keys: Sequence[Key]) -> NotFoundError:
        names = ", ".join(
            "/".join(map(str, key)) if isinstance(key, tuple) else str(key) for key in keys
        )
        return NotFoundError(f"There is no {noun(self.model)} {names}.")
