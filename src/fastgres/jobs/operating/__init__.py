"""Looking after the queue: how it stands, what is in it, and what is to become of that."""
