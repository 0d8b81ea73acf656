"""Jobs: their state machine, and what is read of them."""
