"""The presets, and the choice that a watched folder makes among them."""

import re
from difflib import get_close_matches
from typing import Final

from labrelay.contracts.attributes import Attributes
from labrelay.errors import SettingsInvalid
from labrelay.plates.preset import Preset
from labrelay.plates.presets.cytation import CYTATION
from labrelay.plates.presets.harmony import HARMONY
from labrelay.plates.presets.imagexpress import IMAGEXPRESS
from labrelay.plates.presets.incell import INCELL
from labrelay.plates.presets.incucyte import INCUCYTE
from labrelay.plates.presets.metamorph import METAMORPH
from labrelay.plates.presets.nikon import NIKON
from labrelay.plates.presets.plain import PLAIN
from labrelay.plates.presets.scanr import SCANR
from labrelay.plates.presets.yokogawa import YOKOGAWA
from labrelay.plates.presets.zeiss import ZEISS

PRESETS: Final = (
    *(YOKOGAWA, HARMONY, SCANR, INCELL, CYTATION, INCUCYTE, ZEISS, NIKON),
    *(IMAGEXPRESS, METAMORPH, PLAIN),
)
"""The most specific first: `auto` takes the first whose sure names fit."""
AUTO: Final = "auto"
NONE: Final = "none"
_BY_NAME: Final = {name: preset for preset in PRESETS for name in (preset.name, *preset.aliases)}


class Names:
    """How a folder's names are read: by one preset, by the first that fits (`auto`), or not at all (`none`).

    Args:
        choice: the setting `names`.
        where: what an error calls the setting.

    Raises:
        SettingsInvalid: there is no such preset.
    """

    def __init__(self, choice: str, where: str = "names") -> None:
        self._sure = choice == AUTO
        self._presets = PRESETS if self._sure else _named(choice, where)
        left_out = [each for preset in PRESETS for each in preset.never_images if self._presets]
        left_out += [each for preset in self._presets for each in preset.left_out if not self._sure]
        self._left_out = re.compile("|".join(f"(?:{each})" for each in left_out) or r"(?!)", re.DOTALL)

    def read(self, path: str) -> tuple[str, Attributes] | None:
        """The preset that reads a path below the folder, and what it reads; None when none does."""
        for preset in self._presets:
            found = preset.read(path, sure=self._sure)
            if found is not None:
                return preset.name, found
        return None

    def leaves_out(self, path: str) -> bool:
        """Whether a file is no image of a well (a thumbnail, a correction, a sidecar) and isn't captured."""
        return self._left_out.fullmatch(path.rpartition("/")[2]) is not None


def _named(choice: str, where: str) -> tuple[Preset, ...]:
    if choice == NONE:
        return ()
    if choice not in _BY_NAME:
        near = get_close_matches(choice, [AUTO, NONE, *_BY_NAME], n=1)
        raise SettingsInvalid(
            f"{where}: there is no preset {choice!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
            next_step=f"Choose one of {', '.join([AUTO, NONE, *(preset.name for preset in PRESETS)])}.",
        )
    return (_BY_NAME[choice],)
