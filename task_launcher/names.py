"""Names of files that come to lie in one folder."""

from collections.abc import Iterable
from pathlib import PurePath

from labrelay.files import legal_name


def unique_names(names: Iterable[str]) -> list[str]:
    """Legal names in the same order; the second of a name (in any case) gets `~2`, the third `~3`."""
    given: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = legal_name(PurePath(name).name)
        stem, suffix = PurePath(plain).stem, PurePath(plain).suffix
        number, candidate = 1, plain
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{stem}~{number}{suffix}"
        taken.add(candidate.casefold())
        given.append(candidate)
    return given
