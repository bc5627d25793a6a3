"""FastAPI and PostgreSQL as one stack."""

__version__ = "0.1.0"
