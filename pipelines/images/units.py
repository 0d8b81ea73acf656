"""Pixel sizes in µm from what software states in units of its own."""

import math
from typing import Any

_MICROMETRES = {
    "µm": 1.0,  # micro sign
    "μm": 1.0,  # Greek mu
    "um": 1.0,
    "\\u00b5m": 1.0,  # as ImageJ escapes it
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "micrometers": 1.0,
    "micrometres": 1.0,
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "dm": 1e5,
    "cm": 1e4,
    "mm": 1e3,
    "nm": 1e-3,
    "pm": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
}
# Beyond these a statement is a default or a slip: a virus on one side, a well plate's well on the other.
SENSIBLE_UM = (0.001, 1000.0)


def micrometres(x: Any, y: Any, unit: Any, unit_y: Any = None) -> float | None:
    """Give the edge of a pixel in µm, where x and y differ their geometric mean, so that areas are right.

    None for what is absent, no number, in no unit of length, or beyond all microscopes.
    """
    try:
        in_x = float(x) * _MICROMETRES[str(unit).strip().lower()]
        in_y = float(y) * _MICROMETRES[str(unit_y or unit).strip().lower()]
        size = math.sqrt(in_x * in_y)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return size if SENSIBLE_UM[0] <= size <= SENSIBLE_UM[1] else None
