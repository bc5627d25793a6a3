"""What the shop does in the background, one module a topic; enqueued with what it tells of."""
