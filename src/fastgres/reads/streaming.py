"""Exports: all rows of a read, batch by batch, in as much memory as one batch takes.

Every batch is a statement of its own, which goes on where the last one ended. No transaction and
no cursor stays open while a slow client reads, so that vacuum is not held up, a pooled connection
is lent for milliseconds, and no statement timeout cuts a long export short. Like a list that is
paged through, it shows every row that was there all the time, and none twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import StreamingResponse

from fastgres.reads.statement import PageOrder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastgres.reads.call import Call, JsonPage, Source

ExportFormat = Literal["ndjson", "json"]
"""One object a line (`application/x-ndjson`), or one JSON array.

```python
from typing import get_args
from fastgres.reads import ExportFormat

assert get_args(ExportFormat) == ("ndjson", "json")
```
"""

Pages = Callable[..., Awaitable["JsonPage"]]
"""`PlannedRead.page`."""

BATCH: Final = 1_000
"""Rows of one statement."""

MEDIA_TYPES: Final = {"ndjson": "application/x-ndjson", "json": "application/json"}
SEPARATORS: Final = {"ndjson": "\n", "json": ","}

Keys = Sequence[tuple[Any, bool]]
After = Callable[[tuple[Any, ...] | None], "Call"]
"""Make the read of the rows after a position; its rows have the parameter `size` for a limit."""


def stream(
    pages: Pages,
    source: Source,
    after: After,
    *,
    keys: Keys,
    format: ExportFormat,  # noqa: A002 - the word that callers look for
) -> StreamingResponse:
    """Return a response that sends all rows, in the order of the keys."""
    batches = _batches(
        pages, bind_of(source), after, order=PageOrder(keys, separator=SEPARATORS[format])
    )
    content = _lines(batches) if format == "ndjson" else _array(batches)
    return StreamingResponse(content, media_type=MEDIA_TYPES[format])


def bind_of(source: Source) -> Source:
    """Return what outlives a session: the engine or connection that it is bound to."""
    bind = source.bind if isinstance(source, AsyncSession) else source
    return source if bind is None else bind


async def _batches(
    pages: Pages, source: Source, after: After, *, order: PageOrder
) -> AsyncIterator[bytes]:
    """Yield the objects of each batch, with the separator of `order` between them."""
    position: tuple[Any, ...] | None = None
    more = True
    while more:
        call = after(position)
        sized = replace(call, values={**call.values, "size": BATCH})
        page = await pages(source, sized, order, count=False)
        if page.count:
            yield page.objects
        position, more = page.last, page.more


async def _lines(batches: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for batch in batches:
        yield batch + b"\n"


async def _array(batches: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    begin = b"["
    async for batch in batches:
        yield begin + batch
        begin = b","
    yield b"[]" if begin == b"[" else b"]"
