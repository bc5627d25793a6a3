"""Passwords: hashed on threads of their own within a budget of memory, and weak ones refused."""

from fastgres.passwords.hasher import PasswordHasher, Verdict
from fastgres.passwords.strength import refuse_weak

__all__ = ["PasswordHasher", "Verdict", "refuse_weak"]
