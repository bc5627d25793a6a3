"""One read and what comes of it: which rows, where it runs, the JSON that it gives."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from fastgres.reads.given import NOTHING_GIVEN, Given

if TYPE_CHECKING:
    from fastgres.reads.statement import Rows

Source = AsyncSession | AsyncConnection | AsyncEngine
"""Where a read runs: outside a transaction straight from the pool, inside one with its writes.

```python
from fastgres.reads import Source

source: Source = database.engine
```
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One read: which rows, under which key their statement is kept, and the values of this run.

    `rows` makes the rows from the caller's conditions; it runs when the statement is compiled,
    once for each `key` and shape of `given`. `values` are those of the named parameters.

    ```python
    from fastgres.reads import Call, Given, Rows
    from shop.models import Product

    def rows(given: Given) -> Rows:
        return Rows(where=[Product.active, *given.where])

    call = Call("active", rows, given=Given.of([Product.stock > 0]))
    assert call.values == {}
    ```
    """

    key: Hashable
    rows: Callable[[Given], Rows]
    values: Mapping[str, Any] = field(default_factory=dict)
    given: Given = NOTHING_GIVEN


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON of a read, and the models it was written from where Python wrote it.

    ```python
    from fastgres.reads import Answer

    assert Answer(b"[]").models is None
    ```
    """

    body: bytes
    models: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class JsonPage:
    """The objects of a page joined by commas, and what it takes to go on from its ends.

    ```python
    from fastgres.reads import JsonPage

    page = JsonPage(b'{"id":1}', count=1, more=False, first=(1,), last=(1,), total=None)
    assert not page.more
    ```

    `more`: whether a row lies beyond, the way one goes. `first` and `last` are the values of the
    keys in the rows at the ends, as the driver gives them; empty for an empty page.
    """

    objects: bytes
    count: int
    more: bool
    first: tuple[Any, ...]
    last: tuple[Any, ...]
    total: int | None
    models: list[Any] | None = None
