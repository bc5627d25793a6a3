"""Orders that are being paid: while the provider is asked, nobody can cancel them.

Revision ID: c2f4b8a91d37
Revises: 5a1c0f2e7b94
"""

from alembic import op

revision: str = "c2f4b8a91d37"
down_revision: str | None = "5a1c0f2e7b94"
branch_labels: str | None = None
depends_on: str | None = None

NAME = "ck_orders_order_status"


def upgrade() -> None:
    op.drop_constraint(op.f(NAME), "orders", type_="check")
    op.create_check_constraint(
        op.f(NAME), "orders", "status IN ('placed', 'paying', 'paid', 'shipped', 'cancelled')"
    )


def downgrade() -> None:
    # What is being paid was placed; whether it is paid, the provider's records say.
    op.execute("UPDATE orders SET status = 'placed' WHERE status = 'paying'")
    op.drop_constraint(op.f(NAME), "orders", type_="check")
    op.create_check_constraint(
        op.f(NAME), "orders", "status IN ('placed', 'paid', 'shipped', 'cancelled')"
    )
