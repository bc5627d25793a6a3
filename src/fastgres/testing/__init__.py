"""What pytest has of fastgres: fixtures, which it finds by itself, and their types."""

from fastgres.testing.jobs import RunJobs

__all__ = ["RunJobs"]
