"""The attributes of a pushed file: those of its name, and over them what the client says."""

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from data_organizer.gateway.names import is_unprintable
from labrelay.contracts.attributes import Attributes, AttributeValue
from labrelay.errors import Unprocessable
from labrelay.plates import FolderReader
from labrelay.plates.wells import well_of
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder

LONGEST_VALUE: Final = 1000
EXACT: Final = 2**53
"""Larger whole numbers lose digits where JSON's numbers are floating point: they stay texts."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


class PushedAttributes:
    """Reads names as the OEM side does: by the preset that fits, and by the rules of the gateway's own settings.

    Args:
        settings: the machine's settings.

    Raises:
        SettingsInvalid: an attribute's `id` is not a regular expression.
    """

    def __init__(self, settings: Settings) -> None:
        self._reader = FolderReader(WatchedFolder(name="push", path=Path()), settings.oem.attributes)

    def of(self, path: str, given: Iterable[str]) -> Attributes:
        """The attributes of a path, and over them those that the client gives.

        Raises:
            Unprocessable: what is given isn't `name=value`, or the name took too long to read.
        """
        told = given_attributes(given)
        return self._reader.read(path).over("push", _placed(told)).attributes


def given_attributes(given: Iterable[str]) -> Attributes:
    """Attributes from texts `name=value`.

    Raises:
        Unprocessable: one isn't of this form, or a name comes with two values.
    """
    found: Attributes = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not _NAME.fullmatch(name):
            raise Unprocessable(
                f"The attribute {text[:80]!r} isn't name=value.", next_step="Begin the name with a letter or `_`."
            )
        if len(value) > LONGEST_VALUE or is_unprintable(value):
            raise Unprocessable(f"The value of {name} is longer than {LONGEST_VALUE} or has control characters.")
        if found.setdefault(name, typed(value)) != typed(value):
            raise Unprocessable(f"The attribute {name} is given with two values.")
    return found


def _placed(told: Attributes) -> Attributes:
    """A well that is given as presets spell it, with its row and column, so that those of the name don't contradict."""
    try:
        well = well_of(str(told["well"]))
    except (KeyError, ValueError):
        return told
    return {"row": well.letters, "column": well.column, **told, "well": well.name}


def typed(value: str) -> AttributeValue:
    """A value in JSON's kinds: `true`, `false`, numbers, `"a text"`; whatever is none of these is a text as it is."""
    try:
        read: Any = json.loads(value, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return value
    return read if _is_kept(read) else value


def _is_kept(read: Any) -> bool:
    if isinstance(read, float):
        return math.isfinite(read)
    if isinstance(read, int):
        return abs(read) <= EXACT
    return isinstance(read, str) and not is_unprintable(read)
