"""Alarms: rules of the lab, what they raise, and the messages that tell of it."""
