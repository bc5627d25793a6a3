"""Arguments: checked, stored, read again by a later release."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from fastgres.errors import ConfigurationError, JobArgumentsError, StoredArgumentsError
from fastgres.jobs import RunningJob
from fastgres.jobs.arguments import MAX_BYTES, Arguments
from fastgres.jobs.outcome import describe

if TYPE_CHECKING:
    from fastgres.db import Session as OnlyForTheTypeChecker


class Line(BaseModel):
    """A model as an argument."""

    sku: str
    price: Decimal


async def bill(
    job: RunningJob, order_id: UUID, lines: list[Line], *, due: date | None = None
) -> None:
    """A job with arguments of several kinds."""


BILL = Arguments("bill", bill, 1)


def test_arguments_come_back_as_what_they_were() -> None:
    order = uuid4()
    given = BILL.check((), {"order_id": order, "lines": [Line(sku="a", price=Decimal("1.10"))]})
    read = BILL.read(BILL.write(given), 1)
    assert read == {"order_id": order, "lines": [Line(sku="a", price=Decimal("1.10"))], "due": None}


def test_the_running_job_is_no_argument() -> None:
    assert BILL.wants_running
    assert BILL.names == ("order_id", "lines", "due")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"order_id": "no uuid", "lines": []}, "order_id"),
        ({"lines": []}, "order_id"),
        ({"order_id": uuid4(), "lines": [], "colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_named_when_it_is_enqueued(given: dict[str, Any], word: str) -> None:
    with pytest.raises(JobArgumentsError, match=word) as caught:
        BILL.check((), given)
    assert "'bill'" in str(caught.value)


def test_what_is_too_large_is_refused() -> None:
    async def store(text: str) -> None: ...

    arguments = Arguments("store", store, 1)
    with pytest.raises(JobArgumentsError, match="bytes, more than 65,536"):
        arguments.write({"text": "x" * MAX_BYTES})


def test_stored_arguments_that_do_not_fit_are_named() -> None:
    with pytest.raises(JobArgumentsError, match="order_id"):
        BILL.read('{"order_id": 7, "lines": []}', 1)


def test_advice_for_stored_arguments_is_for_their_moment() -> None:
    """Nobody can enqueue them otherwise any more."""
    with pytest.raises(
        StoredArgumentsError, match=r"version= .* to 2, and add @bill\.upgrade\(1\)"
    ):
        BILL.read('{"order_id": 7, "lines": []}', 1)


def test_upgrade_that_leads_nowhere_is_named() -> None:
    async def greet(name: str) -> None: ...

    arguments = Arguments("greet", greet, 2)
    arguments.upgrades[1] = lambda _old: {}
    with pytest.raises(StoredArgumentsError, match=r"mend greet\.upgrade\(1\)"):
        arguments.read("{}", 1)


def test_values_of_stored_arguments_are_not_told() -> None:
    """The error is stored and logged; arguments may be of a person."""
    stored = '{"order_id": "s3cret", "lines": [{"sku": "s3cret"}], "due": "s3cret"}'
    with pytest.raises(StoredArgumentsError) as raised:
        BILL.read(stored, 1)
    assert "s3cret" not in describe(raised.value)


def test_rows_of_older_releases_run_through_every_upgrade() -> None:
    async def greet(first: str, last: str) -> None: ...

    arguments = Arguments("greet", greet, 3)
    arguments.upgrades[1] = lambda old: {"full": old["name"]}
    arguments.upgrades[2] = lambda old: dict(
        zip(("first", "last"), old["full"].split(), strict=True)
    )
    assert arguments.read('{"name": "Ada Lovelace"}', 1) == {"first": "Ada", "last": "Lovelace"}
    assert arguments.read('{"full": "Ada Lovelace"}', 2) == {"first": "Ada", "last": "Lovelace"}


def test_missing_upgrade_is_named() -> None:
    async def greet(name: str) -> None: ...

    with pytest.raises(JobArgumentsError, match=r"no upgrade\(2\) leads to version 3"):
        Arguments("greet", greet, 3).read("{}", 2)


def test_defaults_are_stored_so_that_a_later_release_cannot_change_them() -> None:
    async def wait(days: int = 30) -> None: ...

    arguments = Arguments("wait", wait, 1)
    assert arguments.write(arguments.check((), {})) == '{"days":30}'


async def untyped(what) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - that is the point
    """A job whose argument says nothing."""


async def anything(**what: Any) -> None:
    """A job that takes anything."""


async def late(what: str, job: RunningJob) -> None:
    """A job that asks for the running job too late."""


async def unseen(what: OnlyForTheTypeChecker) -> None:
    """A job whose type is not there at run time."""


class Opaque:
    """Something that no JSON is made of."""


async def opaque(what: Opaque) -> None:
    """A job that takes it."""


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (untyped, "has no type"),
        (anything, "takes anything"),
        (late, "first parameter"),
        (opaque, "Opaque"),
        (unseen, "'OnlyForTheTypeChecker' of an argument is not known"),
    ],
)
def test_function_that_cannot_be_a_job_is_refused(function: Any, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        Arguments("task", function, 1)
