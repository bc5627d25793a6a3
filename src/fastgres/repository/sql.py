"""The SQL text of the repository part."""

EXPLAIN = "EXPLAIN (FORMAT JSON) "
"""Put before a statement, it makes the planner tell what it expects instead of running it."""
