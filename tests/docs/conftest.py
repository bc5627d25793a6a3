"""The documentation is run on the example shop."""

from __future__ import annotations

import pytest

from fastgres.settings import Project
from tests.docs.blocks import ROOT


@pytest.fixture(scope="session")
def project() -> Project:
    """The shop, wherever pytest has its root."""
    return Project.find(ROOT / "examples" / "shop")
