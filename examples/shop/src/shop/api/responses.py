"""What the routes answer beside their response model."""

from typing import Any

CREATED: dict[int | str, dict[str, Any]] = {
    201: {
        "headers": {
            "Location": {
                "description": "Path of what was created.",
                "schema": {"type": "string"},
            }
        }
    }
}
"""The `responses=` of a POST that creates something."""
