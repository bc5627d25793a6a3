"""The benchmark of job queues on PostgreSQL: `make bench-jobs`."""
