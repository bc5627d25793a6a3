"""SQL of the `dev` part."""

DROP_DATABASE = "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
"""Remove the database even while others are connected to it; PostgreSQL 13 and later."""

CREATE_DATABASE = "CREATE DATABASE {name}"
"""Make it anew, empty, owned by who connects."""
