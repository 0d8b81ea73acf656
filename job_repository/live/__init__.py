"""The live store: unfinished jobs in Redis."""
