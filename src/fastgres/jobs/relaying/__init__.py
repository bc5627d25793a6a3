"""Jobs that run behind a broker: handed over when they are due, ended in PostgreSQL."""
