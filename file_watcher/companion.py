"""Marker files: how the companion of a file is named, and which names are companions."""

import os
import re
from pathlib import PurePath
from typing import Final

from labrelay.settings.marker import PLACEHOLDER

_FLAGS: Final = re.IGNORECASE if os.name == "nt" else 0


class Companion:
    """The markers of a watched folder.

    Args:
        template: a file name with `{name}` (the whole name of the file), `{stem}` (without its suffix), or neither:
            then one marker stands for all files of its folder.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        fixed = (re.escape(piece) for piece in PLACEHOLDER.split(template))
        self._names = re.compile(".+".join(fixed), _FLAGS | re.DOTALL)

    def beside(self, name: str) -> str:
        """The name of the marker that a file of this name waits for."""
        stem = PurePath(name).stem
        return PLACEHOLDER.sub(lambda found: name if found.group() == "{name}" else stem, self._template)

    def is_one(self, name: str) -> bool:
        """Whether a file of this name is a marker itself."""
        return self._names.fullmatch(name) is not None
