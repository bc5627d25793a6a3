"""Cursors as text."""

from __future__ import annotations

import datetime as dt
import json
from base64 import urlsafe_b64encode
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgres.errors import InvalidCursorError
from fastgres.repository.cursor import Cursor, can_carry
from tests.models import Binding

VALUES: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(),
    str: st.text(),
    float: st.floats(allow_nan=False),
    Decimal: st.decimals(allow_nan=False),
    UUID: st.uuids(),
    dt.datetime: st.datetimes(timezones=st.just(dt.UTC)) | st.datetimes(),
    dt.date: st.dates(),
    dt.time: st.times(),
    dt.timedelta: st.timedeltas(),
    Binding: st.sampled_from(Binding),
}
KEY = UUID(int=7)


@given(st.data())
def test_values_survive(data: st.DataObject) -> None:
    """Exactly, because a position that is off by one row shows a row twice."""
    types = data.draw(st.lists(st.sampled_from(list(VALUES)), max_size=5))
    values = tuple(data.draw(st.none() | VALUES[kind]) for kind in types)
    cursor = Cursor("-price", "before", values)
    text = cursor.encode(key=(KEY,))
    read = Cursor.decode(text, sort="-price", types=types, key_types=[UUID])
    assert read == (cursor if len(text) <= 6_000 and not read.by_key else read)
    assert [type(each) for each in read.values] == [type(each) for each in read.values]


@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_any_other_text_is_refused(text: str) -> None:
    """There is one error, whatever is wrong."""
    with pytest.raises(InvalidCursorError):
        Cursor.decode(text, sort="x", types=[str], key_types=[UUID])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(
    content=st.tuples(
        st.just(1) | JSON,
        st.just("x") | JSON,
        st.sampled_from(["after", "from", "before", "until"]) | JSON,
        st.booleans() | JSON,
        st.lists(JSON, max_size=3) | JSON,
    ),
    kind=st.sampled_from(list(VALUES)),
)
def test_well_formed_nonsense_is_refused_or_typed(content: Any, kind: type) -> None:
    """A forged cursor is refused, or holds values of the types that the sort has."""
    text = urlsafe_b64encode(json.dumps(content).encode()).decode()
    try:
        cursor = Cursor.decode(text, sort="x", types=[kind], key_types=[UUID])
    except InvalidCursorError:
        return
    (value,) = cursor.values
    assert value is None or isinstance(value, UUID if cursor.by_key else kind)


@pytest.mark.parametrize(
    "text",
    ["", "=", "é", "W10", "[" * 5_000, "A" * 7_000, urlsafe_b64encode(b"[" * 4_000).decode()],
)
def test_hostile_text_is_refused(text: str) -> None:
    """Empty, deep, long, or not of the alphabet."""
    with pytest.raises(InvalidCursorError):
        Cursor.decode(text, sort="", types=[], key_types=[])


def test_cursor_needs_no_escaping_in_a_url() -> None:
    """It goes into a link as it is."""
    text = Cursor("title", "after", ("ÿ>?~" * 20,)).encode(key=(KEY,))
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(("kind", "carried"), [(Binding, True), (str, True), (dict, False)])
def test_can_carry(kind: type, carried: bool) -> None:
    """What has no exact text is not carried."""
    assert can_carry(kind) is carried
