"""What may go, and when."""
