"""Plates: live maps of wells by layers, expected against arrived images, tables, exports, comparison.

Flow: `reading` asks the repository for a plate's wells, `view` is what the address asks for, `layers` and `scales` turn
wells into steps of a colour, `board` into the cells that the templates draw.
"""
