"""From the named groups of an expression to typed attributes."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from labrelay.contracts.attributes import Attributes, AttributeValue
from labrelay.plates.wells import Well, checked, row_of, well_of

DIGITS: Final = 14
"""Longer numbers are no counts, and would not come through every JSON reader unharmed."""
_FIRST: Final = ("plate", "well", "row", "column", "field", "channel", "z", "time")
_MOMENT: Final = ("year", "month", "day", "hour", "minute")


def typed(groups: Mapping[str, str | None]) -> Attributes:
    """Attributes from named groups; empty groups tell nothing.

    `well`, or `row` and `column`, give all three: `well` "A01", `row` letters, `column` a number. `field`, `z` and
    `time` are whole numbers, `channel` is one where it is written in digits and a text (e.g. "DAPI") otherwise.
    `year`, `month`, `day` and, when there, `hour` and `minute` become `acquired`, as ISO 8601 writes it. A name that
    ends in `__int` or `__float` gives a number without that ending. Anything else is text.

    Raises:
        ValueError: a group can't be read as its kind.
    """
    given = {name: text for name, text in groups.items() if text}
    moment = _moment(given)
    found = dict(moment)
    for group, text in given.items():
        if not (moment and group in _MOMENT):
            found |= _attribute(group, text)
    return placed(found)


def overlaid(lower: Attributes, upper: Attributes) -> Attributes:
    """Both, `upper` over `lower`; a row or column from above makes another well of the one below."""
    moved = not {"row", "column"}.isdisjoint(upper)
    return placed({**{name: value for name, value in lower.items() if not (moved and name == "well")}, **upper})


def placed(found: Attributes) -> Attributes:
    """Attributes with the well that their row and column make, if they make one."""
    row, column = found.get("row"), found.get("column")
    if "well" in found or not isinstance(row, str) or isinstance(column, bool) or not isinstance(column, int):
        return found
    try:
        return {**found, "well": checked(row_of(row), column).name}
    except ValueError:  # a row or column of somebody's own making: it stays what it is
        return found


def ordered(found: Attributes) -> Attributes:
    """The same attributes, those that most plates have first."""
    return {name: found[name] for name in (*_FIRST, *found) if name in found}


def _moment(given: Mapping[str, str]) -> Attributes:
    if not {"year", "month", "day"} <= given.keys():
        return {}
    year, month, day, hour, minute = (_whole(given.get(part, "0")) for part in _MOMENT)
    moment = datetime(year + 2000 if year < 100 else year, month, day, hour, minute)  # noqa: DTZ001 names tell no zone
    return {"acquired": moment.isoformat(timespec="minutes") if "hour" in given else moment.date().isoformat()}


def _attribute(group: str, text: str) -> Attributes:
    name, ending, kind = group.rpartition("__")
    if ending and name and kind in _ENDINGS:
        return {name: _read(group, text, _ENDINGS[kind])}
    if group == "well":
        well = _read_well(text)
        return {"well": well.name, "row": well.letters, "column": well.column}
    return {group: _read(group, text, _KINDS.get(group, str))}


def _read(group: str, text: str, kind: Callable[[str], AttributeValue]) -> AttributeValue:
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(f"{group}: {error}") from error


def _read_well(text: str) -> Well:
    try:
        return well_of(text)
    except ValueError as error:
        raise ValueError(f"well: {error}") from error


def _whole(text: str) -> int:
    if not (text.isdecimal() and len(text) <= DIGITS):
        raise ValueError(f"{text!r} is not a whole number of at most {DIGITS} digits")
    return int(text)


def _signed(text: str) -> int:
    return -_whole(text[1:]) if text.startswith("-") else _whole(text)


def _decimal(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a number")
    return number


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) <= DIGITS else text


def _row_letters(text: str) -> str:
    return Well(row_of(text), 1).letters


_KINDS: Final[dict[str, Callable[[str], AttributeValue]]] = {
    "row": _row_letters,
    "column": _whole,
    "field": _whole,
    "z": _whole,
    "time": _whole,
    "channel": _number_or_text,
}
_ENDINGS: Final[dict[str, Callable[[str], AttributeValue]]] = {"int": _signed, "float": _decimal}
