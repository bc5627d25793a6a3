"""Job queues on PostgreSQL, each used as its own documentation uses it."""
