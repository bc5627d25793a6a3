"""Every SQL text of the embedded part; run through psql."""

from __future__ import annotations

from typing import Final

# The lock makes the question and the answer one step for all processes; psql ends it by leaving.
CREATE_DATABASE_ONCE: Final = """
SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('fastgres.ensure_database', 0))
\\g /dev/null
SELECT pg_catalog.format('CREATE DATABASE %I', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'name')
\\gexec
"""
