"""Everything that a path tells about its capture, and by what it was read."""

from collections.abc import Mapping
from dataclasses import dataclass

from labrelay.contracts.attributes import Attributes
from labrelay.plates.aicsd import AttributeParser
from labrelay.plates.bounded import LONGEST_PATH
from labrelay.plates.kinds import overlaid
from labrelay.plates.patterns import Misfit, OwnPattern
from labrelay.plates.presets import Names
from labrelay.settings import Settings
from labrelay.settings.model import AttributeRule, WatchedFolder


@dataclass(frozen=True)
class Reading:
    """What was read of one path.

    Attributes:
        attributes: all of them.
        read_by: for each attribute the source that it came from: `folder`, a preset, `pattern 1`, `oem.attributes`.
        misfits: patterns that match without making sense, in words.
    """

    attributes: Attributes
    read_by: dict[str, str]
    misfits: tuple[str, ...] = ()

    def over(self, source: str, found: Attributes) -> "Reading":
        """This reading with another source over it."""
        return self._with(overlaid(self.attributes, found), source, found)

    def exactly_over(self, source: str, found: Mapping[str, str]) -> "Reading":
        """The same, but nothing is concluded from what is found."""
        return self._with({**self.attributes, **found}, source, found)

    def _with(self, attributes: Attributes, source: str, found: Mapping[str, object]) -> "Reading":
        before = self.attributes
        read_by = {
            name: source if name in found or before.get(name) != value else self.read_by[name]
            for name, value in attributes.items()
        }
        return Reading(attributes, read_by, self.misfits)


class FolderReader:
    """Reads the names of one watched folder: each source goes over the one before it.

    The folder's fixed attributes, then its preset (`names`), its own `patterns` (the first pattern that tells an
    attribute counts), then AiCSD's rules (`oem.attributes`), whose values are texts.

    Args:
        folder: the watched folder.
        rules: of `oem.attributes`.
        place: what errors call the folder's settings.

    Raises:
        SettingsInvalid: a preset is unknown, a pattern or rule isn't an expression; names folder and place.
    """

    def __init__(self, folder: WatchedFolder, rules: Mapping[str, AttributeRule], place: str = "") -> None:
        place = place or f"oem.folders, folder {folder.name!r}"
        self._fixed = folder.attributes
        self.names = Names(folder.names, f"{place}: names")
        self._patterns = [
            OwnPattern(text, f"{place}: pattern {number}") for number, text in enumerate(folder.patterns, start=1)
        ]
        self._rules = AttributeParser(rules)

    def read(self, path: str, fixed: Attributes | None = None) -> Reading:
        """Read a path below the folder, forward slashes; the file needs not exist.

        Args:
            path: below the folder.
            fixed: in place of the folder's fixed attributes.

        Raises:
            PatternTooSlow: a pattern or rule was given up.
        """
        start = self._fixed if fixed is None else fixed
        reading = Reading(start, dict.fromkeys(start, "folder"))
        if len(path) > LONGEST_PATH:
            return reading
        named = self.names.read(path)
        if named is not None:
            reading = reading.over(*named)
        reading = self._by_patterns(path, reading)
        return reading.exactly_over("oem.attributes", self._rules.parse(path.rpartition("/")[2]))

    def _by_patterns(self, path: str, reading: Reading) -> Reading:
        misfits = []
        for number, pattern in reversed(list(enumerate(self._patterns, start=1))):
            try:
                found = pattern.read(path)
            except Misfit as misfit:
                misfits.append(f"pattern {number}: {misfit}")
                continue
            reading = reading.over(f"pattern {number}", found or {})
        return Reading(reading.attributes, reading.read_by, tuple(reversed(misfits)))


def readers_of(settings: Settings) -> dict[str, FolderReader]:
    """A reader for each watched folder, by its name.

    Raises:
        SettingsInvalid: as `FolderReader`.
    """
    return {folder.name: FolderReader(folder, settings.oem.attributes) for folder in settings.folders}
