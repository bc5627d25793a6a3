"""The queries of the shop, one module an entity; no commits and no HTTP."""
