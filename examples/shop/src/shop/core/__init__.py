"""What the whole service shares: its settings."""
