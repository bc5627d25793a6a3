"""Relationships that refuse to load by themselves.

SQLAlchemy offers no public setting for the default of `relationship(lazy=...)`. This module sets
it on each relationship that left it at the default, before mappers are configured, through
`RelationshipProperty.strategy_key`; `tests/db/test_lazy.py` fails when that stops working.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.orm import Mapper, RelationshipProperty

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

_DEFAULT: Final = "select"
_REFUSING: Final = "raise_on_sql"


def refuse_lazy_loads(base: type[DeclarativeBase]) -> None:
    """Make every relationship below `base` raise instead of loading when touched.

    A lazy load cannot run under asyncio (it fails as `MissingGreenlet`, far from the cause) and
    is the N of N+1 elsewhere. A relationship that was loaded by an option, or whose target is
    already in the session, still answers. `fastgres.db.Base` has it; call this for a base of
    your own. A relationship that names another `lazy=` keeps it.

    ```python
    from sqlalchemy.orm import DeclarativeBase
    from fastgres.db import refuse_lazy_loads

    class LegacyBase(DeclarativeBase): ...

    refuse_lazy_loads(LegacyBase)
    ```
    """
    event.listen(base, "before_mapper_configured", _refuse, propagate=True)


def _refuse(mapper: Mapper[Any], _class: type[Any]) -> None:
    for prop in mapper.iterate_properties:
        if isinstance(prop, RelationshipProperty) and prop.lazy == _DEFAULT:
            prop.lazy = _REFUSING
            prop.strategy_key = (("lazy", _REFUSING),)
