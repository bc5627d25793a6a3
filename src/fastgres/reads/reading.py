"""Run a plan: one statement and its bytes, or the ORM and Pydantic where the plan is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import literal_column

from fastgres.db import fetch_row, runs_as_compiled
from fastgres.errors import OutOfRangeError
from fastgres.observability import get_logger
from fastgres.reads.call import Answer, Call, JsonPage, Source
from fastgres.reads.explaining import Explanation, Run
from fastgres.reads.faulty import naming
from fastgres.reads.loaded import LoadedRead
from fastgres.reads.readback import read_back_of, reader_of
from fastgres.reads.response import ReadResponse
from fastgres.reads.sparse import field_names, pruned
from fastgres.reads.sql import MARK
from fastgres.reads.statement import PageOrder, all_rows, counted, first_row, one_page
from fastgres.reads.streaming import After, ExportFormat, Keys, stream
from fastgres.reads.template import Template

if TYPE_CHECKING:
    from sqlalchemy import Select
    from starlette.responses import StreamingResponse

    from fastgres.reads.plan import ReadPlan
    from fastgres.reads.statement import Rows

log = get_logger(__name__)

_MARKED: Final = re.compile(rb'"([^"]+)":"?' + MARK)

MOST_TEMPLATES: Final = 512
"""Statements kept for a plan; each one beyond that takes the place of the oldest."""


@dataclass(frozen=True, slots=True)
class PageOf:
    """A kind of page: its keys and direction, and whether all rows are counted with it."""

    order: PageOrder
    count: bool

    @property
    def key(self) -> Hashable:
        """What tells its statement from those of other kinds of the same rows."""
        return "page", self.order.backwards, self.order.separator, self.count

    def statement(self, plan: ReadPlan, rows: Rows) -> Select[Any]:
        """Build the statement."""
        also = [counted(plan, rows.where)] if self.count else []
        return one_page(plan, rows, self.order, *also)


class PlannedRead:
    """Everything that is worked out once for a plan: its statements, and its loader options.

    For those who build reads of their own, as the repository does; `Reads` is for everybody.
    `PlannedRead.of(plan)` is always the same object, so that no statement is compiled twice.

    ```python
    from fastgres.reads import Call, PlannedRead, ReadPlan, Rows, parameter
    from shop.models import Product
    from shop.schemas.product import ProductRead

    read = PlannedRead.of(ReadPlan.of(Product, ProductRead))
    sku = parameter("sku", Product.sku.type)
    call = Call("by sku", lambda given: Rows(where=[Product.sku == sku]), {"sku": "MUG-01"})
    assert await read.first(session, call) is None
    ```
    """

    def __init__(self, plan: ReadPlan) -> None:
        self.plan = plan
        self.loaded = LoadedRead(plan)
        self._templates: dict[Hashable, Template] = {}
        self._told = False

    @staticmethod
    def of(plan: ReadPlan) -> PlannedRead:
        """Return what is worked out for a plan."""
        return _planned(plan)

    def with_fields(self, fields: str) -> PlannedRead:
        """Return the read of the fields named, `"id,customer.name"`; 422 for an unknown one."""
        return _planned(pruned(self.plan, fields))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that `with_fields` takes."""
        return tuple(field_names(self.plan.root))

    def response(self, answer: Answer, shape: Any) -> ReadResponse[Any]:
        """Return the response for an answer, whose value is of the type `shape`."""
        return ReadResponse(answer.body, read_back_of(self.plan, answer, shape))

    def values(self, page: JsonPage) -> list[Any]:
        """Return the objects of a page as the response model."""
        if page.models is not None:
            return page.models
        read: Callable[[bytes], list[Any]] = reader_of(self.plan, list[self.plan.model])  # type: ignore[name-defined]  # a type made at run time
        return read(b"[%b]" % page.objects)

    def stream(
        self,
        source: Source,
        after: After,
        *,
        keys: Keys,
        format: ExportFormat,  # noqa: A002 - as in Reads
    ) -> StreamingResponse:
        """Return a response that sends all rows; `after` makes the call for those of a batch."""
        return stream(self.page, source, after, keys=keys, format=format)

    def _compiles(self, source: Source) -> bool:
        """Tell whether SQL answers; not where the ORM would make another statement of it."""
        return self.plan.kind == "compiled" and runs_as_compiled(source)

    def _vouches(self, body: bytes) -> bool:
        """Tell whether SQL has answered for all of it; say once where it has not."""
        if MARK not in body:
            return True
        if not self._told:
            self._told = True
            found = _MARKED.search(body)
            log.warning(
                "read done again by the ORM",
                model=self.plan.model.__name__,
                field=found[1].decode() if found else None,
                hint="A value that the model does not allow, such as a null, NaN or infinity.",
            )
        return False

    async def first(self, source: Source, call: Call) -> Answer | None:
        """Return the JSON of the first row, or None."""
        if self._compiles(source):
            row = await self._fetch(source, call, kind="first", build=first_row)
            if row is None:
                return None
            body: bytes = row[0]
            if self._vouches(body):
                return Answer(body)
        found = await self._load(source, call)
        return Answer(self.loaded.dumped(found[0]), found) if found else None

    async def all(self, source: Source, call: Call) -> Answer:
        """Return the rows as a JSON array."""
        if self._compiles(source):
            row = await self._fetch(source, call, kind="all", build=all_rows)
            body = b"[%b]" % _objects(row)
            if self._vouches(body):
                return Answer(body)
        found = await self._load(source, call)
        return Answer(b"[%b]" % b",".join(map(self.loaded.dumped, found)), found)

    async def _load(self, source: Source, call: Call) -> list[Any]:
        try:
            return await self.loaded.models(source, call.rows(call.given), call.values)
        except OutOfRangeError as error:
            raise _naming(error, call) from error.__cause__

    async def page(self, source: Source, call: Call, order: PageOrder, *, count: bool) -> JsonPage:
        """Return a page of as many rows as the value of `size` says, and their number if counted.

        The rows' limit is the parameter `size`; their conditions are counted without those of
        `beyond`, which say where the page begins.
        """
        if self._compiles(source):
            way = PageOf(order, count)
            row = await self._fetch(source, call, kind=way.key, build=way.statement)
            page = _page_of(row, call.values["size"], order)
            if self._vouches(page.objects):
                return page
        return await self._load_page(source, call, order, count=count)

    def explain(
        self,
        call: Call,
        order: PageOrder | None = None,
        *,
        count: bool = False,
        many: bool = False,
    ) -> Explanation:
        """Explain the read of one row, of `many`, or of a page."""
        if self.plan.kind == "loaded":
            told = Explanation.of(self.plan)
            return told.with_another() if count else told
        kind: Hashable = "all" if many else "first"
        build: Callable[[ReadPlan, Rows], Select[Any]] = all_rows if many else first_row
        if order is not None:
            way = PageOf(order, count)
            kind, build = way.key, way.statement
        return Explanation.of(self.plan, Run(self._compile(kind, call, build), call))

    async def _load_page(
        self, source: Source, call: Call, order: PageOrder, *, count: bool
    ) -> JsonPage:
        size = call.values["size"]
        rows = call.rows(call.given)
        asked = replace(rows, limit=rows.limit + literal_column("1"))
        columns = [key for key, _ in order.keys]
        found = await self.loaded.with_columns(source, asked, call.values, columns=columns)
        shown = found[:size]
        if order.backwards:
            shown.reverse()
        models = [row[0] for row in shown]
        return JsonPage(
            objects=order.separator.encode().join(map(self.loaded.dumped, models)),
            count=len(shown),
            more=len(found) > size,
            first=tuple(shown[0][1:]) if shown else (),
            last=tuple(shown[-1][1:]) if shown else (),
            total=await self.loaded.count(source, rows.where, call.values) if count else None,
            models=models,
        )

    async def _fetch(
        self,
        source: Source,
        call: Call,
        *,
        kind: Hashable,
        build: Callable[[ReadPlan, Rows], Select[Any]],
    ) -> Any:
        template = self._templates.get((kind, call.key, call.given.key))
        if template is None:
            template = self._compile(kind, call, build)
        try:
            return await fetch_row(
                source, template.sql, template.arguments(call.values, call.given.values)
            )
        except OutOfRangeError as error:
            raise _naming(error, call) from error.__cause__

    def _compile(
        self, kind: Hashable, call: Call, build: Callable[[ReadPlan, Rows], Select[Any]]
    ) -> Template:
        given = call.given if self.plan.include_deleted else call.given.living()
        statement = build(self.plan, call.rows(given))
        made = Template.of(statement, names=frozenset(call.values), given=given.values)
        if call.given.takes_values_as(given) and made.takes_all(given.values):
            if len(self._templates) >= MOST_TEMPLATES:
                del self._templates[next(iter(self._templates))]
            self._templates[kind, call.key, call.given.key] = made
        return made


def _naming(error: OutOfRangeError, call: Call) -> OutOfRangeError:
    return naming(error, call.rows(call.given).where, call.values)


def _objects(row: Any) -> bytes:
    return row[0] or b""


def _page_of(row: Any, size: int, order: PageOrder) -> JsonPage:
    objects = _objects(row)
    found, too_long = row[1], row[2]
    if found > size:
        objects = _without_one(objects, too_long, at_front=order.backwards)
    ends = len(order.keys)
    edges = row[3 : 3 + 2 * ends]
    return JsonPage(
        objects=objects,
        count=min(found, size),
        more=found > size,
        first=order.read(edges[0::2]) if found else (),
        last=order.read(edges[1::2]) if found else (),
        total=row[3 + 2 * ends] if len(row) > 3 + 2 * ends else None,
    )


def _without_one(objects: bytes, length: int, *, at_front: bool) -> bytes:
    """Cut off the row too many, with its comma."""
    return objects[length + 1 :] if at_front else objects[: -length - 1]


_planned = lru_cache(maxsize=1024)(PlannedRead)
