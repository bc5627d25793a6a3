"""Faults on purpose: `make chaos` breaks a running shop and checks what it had promised."""
