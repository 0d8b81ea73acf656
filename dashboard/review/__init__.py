"""The review queue: finished images one by one, each accepted or rejected with a key."""
