"""How long each part of a job's way took, and what it waited for."""
