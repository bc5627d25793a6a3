"""A payment provider, small enough to read: it stands for the one that a real shop has.

It is a process of its own, knows nothing of the shop, and is talked to over HTTP. Charges are
idempotent by key, as those of Stripe are, and it can be told to have a bad day.
"""
