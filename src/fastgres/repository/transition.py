"""Moving a row from one state to another, for one caller only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import select, update

from fastgres.errors import TransitionError
from fastgres.repository.columns import attribute, key_conditions, noun
from fastgres.repository.entity import EntityAccess, Key, Model
from fastgres.repository.writing import check_changes

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument


class Transitions(EntityAccess[Model]):
    """The conditional change of state."""

    state_column: ClassVar[str] = "status"

    async def transition(
        self,
        key: Key,
        *where: ColumnExpressionArgument[bool],
        to: Any,
        from_: Any,
        values: Mapping[str, Any] | None = None,
    ) -> Model:
        """Set the state to `to` if it is `from_`, or one of several, and return the entity.

        One UPDATE that names both: of two callers who try at the same time one wins, and the
        other gets `TransitionError` (409), which says the present state in its detail and as
        `state`. Raises `NotFoundError` (404) when there is no such row. `values` are set along
        with the state. The state is in the column `status`, unless the class says otherwise
        with `state_column`.

        ```python
        from fastgres.errors import TransitionError
        from fastgres.repository import Repository
        from shop.models import Customer, Order, OrderStatus

        class OrderRepository(Repository[Order]): ...

        orders = OrderRepository(session)
        ada = Customer(email="ada@x.org", name="Ada")
        order = await orders.add(Order(customer=ada, total=9))
        await orders.transition(order.id, to=OrderStatus.PAID, from_=OrderStatus.PLACED)
        assert order.status is OrderStatus.PAID
        try:
            await orders.transition(order.id, to=OrderStatus.PAID, from_=OrderStatus.PLACED)
        except TransitionError as error:
            assert error.extensions == {"state": "paid"}
        ```
        """
        check_changes(self.model, values or {})
        state = attribute(self.model, self.state_column)
        changes = {**(values or {}), state.key: to}
        self._scope.check_changes(changes)
        row = self._where(*key_conditions(self.model, key), *where)
        statement = (
            update(self.model)
            .where(*row, state.in_(_states(from_)))
            .values(changes)
            .returning(self.model)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        changed: Model | None = (await self.session.scalars(statement)).one_or_none()
        if changed is None:
            raise await self._refusal(key, row, to=to, from_=from_)
        return changed

    async def _refusal(self, key: Key, row: list[Any], *, to: Any, from_: Any) -> Exception:
        state = attribute(self.model, self.state_column)
        present = (await self.session.execute(select(state).where(*row))).one_or_none()
        if present is None:
            return self._not_found([key])
        return TransitionError(
            f"The {noun(self.model)} is {_word(present[0])}; only one that is "
            f"{' or '.join(map(_word, _states(from_)))} can become {_word(to)}.",
            extensions={"state": _word(present[0])},
        )


def _states(given: Any) -> list[Any]:
    several = isinstance(given, Collection) and not isinstance(given, str)
    return list(given) if several else [given]


def _word(state: object) -> str:
    return str(state.value) if isinstance(state, Enum) else str(state)
