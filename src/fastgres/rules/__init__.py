"""The rules of this stack as records, and the checker that finds where they are broken.

Needs the standard library only, so that it checks a project without importing it.
"""

from fastgres.rules.catalogue import RULES
from fastgres.rules.checker import Finding, check_paths, check_source
from fastgres.rules.rule import Rule

__all__ = ["RULES", "Finding", "Rule", "check_paths", "check_source"]
