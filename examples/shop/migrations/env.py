"""What Alembic runs; everything else is configured by fastgres."""

from fastgres.migrations import run
from shop.models import Base

run(Base.metadata)
