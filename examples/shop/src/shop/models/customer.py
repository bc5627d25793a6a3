"""People who buy."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from fastgres.db import Base, SoftDelete, Timestamps, UUIDv7Key

EMAIL_LENGTH = 254
NAME_LENGTH = 100


class Customer(UUIDv7Key, Timestamps, SoftDelete, Base):
    """A customer; the e-mail address is free again once the customer is deleted."""

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint(f"char_length(email) BETWEEN 3 AND {EMAIL_LENGTH}", name="email_length"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_LENGTH}", name="name_length"),
    )

    email: Mapped[str]
    name: Mapped[str]
    internal_note: Mapped[str | None] = mapped_column(
        comment="What the staff should know; no response ever holds it."
    )


Index(
    "uq_customers_email",
    Customer.email,
    unique=True,
    postgresql_where=Customer.deleted_at.is_(None),
)
Index("ix_customers_created_at_id", Customer.created_at, Customer.id)
Index("ix_customers_name_id", Customer.name, Customer.id)
