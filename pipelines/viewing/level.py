"""How often a plane is halved."""

from labrelay.contracts.planes import LARGEST_LEVEL, MOST_SAMPLES


def level_of(width: int, height: int) -> int:
    """The first halving at which a whole plane fits into one answer."""
    fits = (level for level in range(LARGEST_LEVEL + 1) if (width >> level) * (height >> level) <= MOST_SAMPLES)
    return next(fits, LARGEST_LEVEL)
