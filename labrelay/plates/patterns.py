"""A folder's own patterns: named regular expressions over the path below the watched folder."""

import re
from typing import Final

from labrelay.contracts.attributes import Attributes
from labrelay.errors import SettingsInvalid
from labrelay.plates.bounded import Bounded
from labrelay.plates.kinds import typed

_ATTRIBUTE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Misfit(Exception):
    """A pattern matches a path, but a group doesn't hold what its name promises."""


class OwnPattern:
    """One pattern; its named groups become attributes of the kinds that `kinds.typed` tells.

    Args:
        text: the expression; it may match anywhere in the path.
        where: what errors call it.

    Raises:
        SettingsInvalid: it isn't an expression, takes too long, or names no group.
    """

    def __init__(self, text: str, where: str) -> None:
        self._expression = Bounded(text, where)
        groups = self._expression.groups
        if not groups or not all(_ATTRIBUTE.fullmatch(group) for group in groups):
            raise SettingsInvalid(
                f"{where}: {text!r} names no attribute, or with letters that attributes can't have.",
                next_step="Name the parts to read, in plain letters: (?P<plate>…), (?P<well>…), (?P<dose__float>…).",
            )

    def read(self, path: str) -> Attributes | None:
        """What a path tells, or None when the pattern doesn't match.

        Raises:
            Misfit: it matches, but e.g. `column` isn't a number.
            PatternTooSlow: the search was given up.
        """
        hit = self._expression.search(path)
        if hit is None:
            return None
        try:
            return typed(hit.groupdict())
        except ValueError as error:
            raise Misfit(str(error)) from error
