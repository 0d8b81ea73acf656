"""Sets of captures that one job works on together."""
