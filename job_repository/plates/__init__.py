"""Plates: what has arrived, when one is finished, and its tables."""
