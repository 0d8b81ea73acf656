"""Instruments: who holds a name, pauses, drains, when one was heard last."""
