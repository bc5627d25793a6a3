"""How hard the properties are tested: `make test` takes the default, `make check-deep` `deep`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.testing.workshop import Workshop
    from tests.reads.equivalence.laboratory import Laboratory

settings.register_profile(
    "deep",
    max_examples=5000,
    deadline=None,
    derandomize=False,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session")
def laboratory(_workshop: Workshop) -> Iterator[Laboratory]:
    """The database in which generated models read generated rows."""
    from tests.reads.equivalence.laboratory import Laboratory

    with _workshop.copy() as url:
        made = Laboratory(url)
        yield made
        made.close()
