"""The router on which reads are declared."""

from __future__ import annotations

from typing import Any

import pytest

from fastgres.endpoints import ReadRouter
from fastgres.errors import UnknownNameError
from shop.repositories.order import OrderRepository
from shop.schemas.order import OrderRead


@pytest.mark.parametrize("misspelt", ["wher", "feilds", "order_by"])
def test_an_option_that_is_none_is_refused(misspelt: str) -> None:
    """A misspelt `where` would show everything to everybody."""
    options: dict[str, Any] = {misspelt: []}
    with pytest.raises(UnknownNameError, match=rf"'/\{{id\}}'.*'{misspelt}'"):
        ReadRouter().one("/{id}", OrderRepository, OrderRead, **options)
