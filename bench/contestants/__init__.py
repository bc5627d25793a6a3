"""One module a contestant, written as its own documentation writes such a service.

They run as programs of their own, some in an environment of their own, and never import each
other; `models`, `schemas` and `sql` are what several of them stand on.
"""
