"""Changes of enum types, which Alembic does not notice by itself.

The only place that knows the library for it: importing it registers its comparison.
"""

from __future__ import annotations

from alembic_postgresql_enum import Config, set_configuration


def notice_enum_changes() -> None:
    """Compare the enum types of models and database whenever a revision is generated."""
    set_configuration(Config())
