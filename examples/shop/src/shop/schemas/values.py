"""Values that several schemas speak of, exactly as strict as their JSON schema says."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from shop.models.customer import EMAIL_LENGTH

CENT = Decimal("0.01")
AMOUNT_PATTERN = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"
PRICE_PATTERN = r"^(0\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,5}(\.[0-9]{1,2})?)$"
MONEY_PATTERN = r"^[0-9]{1,10}\.[0-9]{2}$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
TEXT_PATTERN = r"^[^\x00]*$"
MOMENT_PATTERN = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}"
EMAIL_PATTERN = r"^[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,24}$"


class Body(BaseModel):
    """The body of a request: a field that is not declared is an error."""

    model_config = ConfigDict(extra="forbid")


def _read_price(price: object) -> Decimal:
    """Take a string or a `Decimal`; a JSON number went through a float and stays out."""
    text = format(price, "f") if isinstance(price, Decimal) else price
    if not isinstance(text, str) or not re.fullmatch(PRICE_PATTERN, text):
        raise PydanticCustomError(
            "price", "Write the price as a string from '0.01' to '999999.99', such as '19.90'"
        )
    return Decimal(text).quantize(CENT)


def _read_amount(amount: object) -> Decimal:
    if not isinstance(amount, str) or not re.fullmatch(AMOUNT_PATTERN, amount):
        raise PydanticCustomError("amount", "Write the amount such as 19.90")
    return Decimal(amount)


def _refuse_text(number: object) -> object:
    """Leave out what pydantic would turn into a number; 2.0 is a whole number in JSON."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return number


def _refuse_number(moment: object) -> object:
    """Leave out what pydantic would take for seconds since 1970."""
    if isinstance(moment, str) and not re.match(MOMENT_PATTERN, moment):
        raise PydanticCustomError("moment", "Write the time such as 2026-01-31T12:00:00Z")
    return moment


WholeNumber = BeforeValidator(_refuse_text)
"""Marks an `int` of a body: text and booleans are none. Stands last, after the bounds."""

Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_number)]
"""A time with its offset from UTC, in a query string."""

Line = Annotated[str, StringConstraints(min_length=1, pattern=LINE_PATTERN)]
"""One line of text with something to see in it; bound its length where it is used."""

Text = Annotated[str, StringConstraints(pattern=TEXT_PATTERN)]
"""Any text that PostgreSQL can store: all but NUL."""

Email = Annotated[
    str,
    StringConstraints(max_length=EMAIL_LENGTH, pattern=EMAIL_PATTERN),
    AfterValidator(str.lower),
]
"""An e-mail address, kept in lower case."""

Price = Annotated[
    Decimal,
    BeforeValidator(_read_price),
    WithJsonSchema({"type": "string", "pattern": PRICE_PATTERN, "examples": ["19.90"]}),
]
"""A price as it comes in."""

Amount = Annotated[
    Decimal,
    BeforeValidator(_read_amount),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["19.90"]}),
]
"""An amount of money to compare with, in a query string."""

Money = Annotated[
    Decimal,
    WithJsonSchema({"type": "string", "pattern": MONEY_PATTERN, "examples": ["19.90"]}),
]
"""An amount of money as it goes out: a string, so that no client reads it into a float."""
