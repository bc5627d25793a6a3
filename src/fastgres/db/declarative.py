"""The declarative base: names, types and loading as the stack needs them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, MetaData, Numeric, Text, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapper

from fastgres.db.lazy import refuse_lazy_loads

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Map classes as plain SQLAlchemy does, with the defaults that this stack needs.

    Constraints are named, so that errors and migrations can refer to them. `datetime` is
    `timestamptz`, `str` is `text`, `int` is `bigint`, `dict[str, Any]` is `jsonb`. Values that
    the server makes are fetched when a row is written, so that reading them later needs no
    query. Relationships refuse to lazy-load.

    ```python
    from sqlalchemy.orm import DeclarativeBase, Mapped
    from fastgres.db import Base, Timestamps, UUIDv7Key

    class Gadget(UUIDv7Key, Timestamps, Base):
        __tablename__ = "gadgets"

        name: Mapped[str]

    assert Gadget.__table__.c.created_at.type.timezone
    assert {index.name for index in Gadget.__table__.constraints} == {"pk_gadgets"}
    ```
    """

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy declares it as an instance variable
        dt.datetime: DateTime(timezone=True),
        str: Text(),
        int: BigInteger(),
        Decimal: Numeric(),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(Text()),
    }


def _fetch_server_values(mapper: Mapper[Any], _class: type[Any]) -> None:
    """Ask for what the server fills in, on update too; by event, so that no subclass loses it."""
    mapper.eager_defaults = True


event.listen(Base, "before_mapper_configured", _fetch_server_values, propagate=True)
refuse_lazy_loads(Base)
