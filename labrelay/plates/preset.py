"""A preset: how one vendor's files are called, and which of them are no images of wells."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from labrelay.contracts.attributes import Attributes
from labrelay.plates.kinds import ordered, typed

GUID: Final = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
TIFF: Final = r"\.(?i:tiff?)"
_DATE: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
COMMON_FOLDERS: Final = (
    r"/(?i:TimePoint)_(?P<time>\d{1,5})/",
    r"/(?i:ZStep)_(?P<z>\d{1,5})/",
    rf"/(?P<date>{_DATE})/",
)
"""Folders that mean the same whoever makes them."""
_NO_PLATE: Final = re.compile(rf"(?i:TimePoint_\d+|ZStep_\d+|Images?|Meas(?:urement)?[ _]?\d+)|{_DATE}")


@dataclass(frozen=True)
class Preset:
    """Named regular expressions for one vendor's files; the groups' names are as in `kinds.typed`.

    Numbers are the vendor's own, as the name writes them (some count from 0). `plate` is the plate's or acquisition's
    name; where the file's name doesn't tell it, the nearest folder does that isn't a mere division.

    Attributes:
        name: as the settings call it.
        title: whose files, for people.
        example: a typical path below the watched folder.
        names: each fits a file's whole name; the first that does counts.
        unsure: further ones that other files may also fit: asked only when a folder names this preset.
        folders: searched in the folder part, which stands between slashes; what the name tells goes over them.
        left_out: whole names that are never captured where a folder names this preset.
        never_images: whole names that are left out for everyone, also under `auto`.
        aliases: other names for it in the settings.
    """

    name: str
    title: str
    example: str
    names: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    never_images: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def read(self, path: str, *, sure: bool = False) -> Attributes | None:
        """What a path tells, or None when its file isn't called as this vendor's are.

        Args:
            path: below the watched folder, forward slashes.
            sure: only by names that hardly anybody else uses.
        """
        folder, _, name = path.rpartition("/")
        for expression in self._names if sure else (*self._names, *self._unsure):
            hit = expression.fullmatch(name)
            if hit is None:
                continue
            try:
                return self._with_folder(typed(hit.groupdict()), folder)
            except ValueError:  # it looks like a well or a date, but no plate or calendar has it
                continue
        return None

    def _with_folder(self, found: Attributes, folder: str) -> Attributes:
        for expression in self._folders:
            hit = expression.search(f"/{folder}/")
            if hit is not None:
                found = {**typed(hit.groupdict()), **found}
        if "plate" not in found and (plate := _plate_folder(folder)):
            found = {**found, "plate": plate}
        return ordered(found)

    @cached_property
    def _names(self) -> tuple[re.Pattern[str], ...]:
        return _compiled(self.names)

    @cached_property
    def _unsure(self) -> tuple[re.Pattern[str], ...]:
        return _compiled(self.unsure)

    @cached_property
    def _folders(self) -> tuple[re.Pattern[str], ...]:
        return _compiled((*self.folders, *COMMON_FOLDERS))


def _compiled(expressions: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each, re.ASCII | re.DOTALL) for each in expressions)


def _plate_folder(folder: str) -> str:
    parts = (part for part in reversed(folder.split("/")) if part and not _NO_PLATE.fullmatch(part))
    return next(parts, "")
