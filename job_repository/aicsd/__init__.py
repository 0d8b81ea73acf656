"""AiCSD's wire format, version 1."""
