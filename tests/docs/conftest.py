"""The documentation is run on the example shop.

The plugin's fixtures are named here once more: those that last for the session exist once where
they are defined, and above this folder they are made for the library's own models.
"""

from __future__ import annotations

import pytest

from fastgres.settings import Project
from fastgres.testing.plugin import (  # noqa: F401 - pytest finds fixtures by their names
    _workshop,
    app,
    client,
    database,
    database_url,
    postgres_server,
    prepare_template,
    session,
    settings,
    shared_database,
    template_database,
)
from tests.docs.blocks import ROOT


@pytest.fixture(scope="session")
def project() -> Project:
    """The shop, wherever pytest has its root."""
    return Project.find(ROOT / "examples" / "shop")
