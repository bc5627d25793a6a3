"""The tables of fastgres, version 1.

Revision ID: 5a1c0f2e7b94
Revises: 83fd63265266
"""

from alembic import op

from fastgres import tables

revision: str = "5a1c0f2e7b94"
down_revision: str | None = "83fd63265266"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    tables.upgrade(op, version=1)


def downgrade() -> None:
    tables.downgrade(op, version=0)
