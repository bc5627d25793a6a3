"""A PostgreSQL of its own for a project: found, made, started, shared and stopped."""

from fastgres.embedded.cluster import Cluster, acquire, find_url
from fastgres.embedded.programs import Programs, find_programs

__all__ = ["Cluster", "Programs", "acquire", "find_programs", "find_url"]
