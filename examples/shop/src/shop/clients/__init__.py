"""Services of others that the shop calls."""
