"""What parallel workers take whole: a file, or all files whose pages are looked at in one lab."""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

PAGES: Final = "tests/ui"
ALONE: Final = ("test_five_minutes.py", "test_markup_is_text.py")
"""Files of pages with a lab of their own."""


def piece_of(nodeid: str) -> str:
    """The piece that a test belongs to."""
    path = nodeid.split("::", 1)[0]
    return PAGES if path.startswith(f"{PAGES}/") and not path.endswith(ALONE) else path


class Pieces(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out pieces."""

    def _split_scope(self, nodeid: str) -> str:
        return piece_of(nodeid)
