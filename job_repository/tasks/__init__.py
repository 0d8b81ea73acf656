"""Tasks: their versions, and which of them take a capture."""
