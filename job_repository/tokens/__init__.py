"""Who may call this gateway."""
