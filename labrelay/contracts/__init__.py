"""What services say to each other: frozen pydantic models, one noun a module. `aicsd` holds AiCSD's wire names."""
