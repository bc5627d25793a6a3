"""What is worked out once for creates of a class that are shown in one way: their statements."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fastgres.observability import get_logger
from fastgres.reads import Returned, looks_elsewhere
from fastgres.repository.columns import key_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastgres.reads import ReadPlan
    from fastgres.repository.insertion import Insertion
    from fastgres.repository.location import Location

log = get_logger(__name__)


class Making:
    """The statements of a class, a plan and a location; one for each set of columns given."""

    def __init__(self, insertion: Insertion, plan: ReadPlan, location: Location) -> None:
        self.insertion = insertion
        self.location = location
        self.model = plan.root.cls
        self._plan = plan
        self._statements: dict[tuple[tuple[str, ...], bool], Returned] = {}
        self._told: set[str] = set()
        elsewhere = looks_elsewhere(plan)
        self.why = insertion.why or (str(elsewhere) if elsewhere else None)

    def statement(self, row: Mapping[str, Any], *, guarded: bool) -> tuple[Returned, list[Any]]:
        """Return the statement for a row and its arguments.

        One that is not `guarded` returns the key too.
        """
        values = self.insertion.values(row)
        found = self._statements.get((values.shape, guarded))
        if found is None:
            insert, names = self.insertion.statement(values.shape)
            keys = () if guarded else key_names(self.model)
            columns = [*self.location.columns, *keys]
            found = Returned.of(self._plan, insert, names, columns=columns, guarded=guarded)
            self._statements[values.shape, guarded] = found
        return found, found.arguments(values.arguments)

    def split(self, values: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return the values of the location's columns, and those of the key."""
        count = len(self.location.columns)
        return values[:count], values[count:]

    def tell(self, why: str) -> None:
        """Say once that the ORM makes the rows."""
        if why not in self._told:
            self._told.add(why)
            log.info("create through the ORM", model=self.model.__name__, reason=why)


@lru_cache(maxsize=1024)
def making_of(insertion: Insertion, plan: ReadPlan, location: Location) -> Making:
    """Return what is worked out for a class, a plan and a location."""
    return Making(insertion, plan, location)
