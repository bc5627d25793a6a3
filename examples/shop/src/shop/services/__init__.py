"""What the shop does: each method is one unit of work; no HTTP."""
