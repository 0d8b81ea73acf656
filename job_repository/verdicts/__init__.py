"""What people say of results: verdicts, and objects that don't count."""
