"""Enums stored as text, with a CHECK on the values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import Enum

if TYPE_CHECKING:
    from enum import StrEnum

_LENGTH = 40
"""Of the column, for values to come: a longer one would change its type."""

_WORD_BEGINS = re.compile(r"(?<!^)(?=[A-Z])")


def text_enum(kind: type[StrEnum]) -> Enum:
    """Return the type of a column that holds the values of an enum as text.

    A CHECK refuses other values, and `fastgres db new` notices when the enum gains or loses one.
    An enum type of PostgreSQL, which a plain `Mapped[Status]` makes, cannot lose a value.

    ```python
    from enum import StrEnum
    from fastgres.db import text_enum

    class Colour(StrEnum):
        RED = "red"

    assert text_enum(Colour).enums == ["red"]
    ```
    """
    return Enum(
        kind,
        name=_WORD_BEGINS.sub("_", kind.__name__).lower(),
        native_enum=False,
        create_constraint=True,
        length=_LENGTH,
        values_callable=lambda members: [member.value for member in members],
    )
