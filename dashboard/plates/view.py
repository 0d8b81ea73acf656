"""What an address of a plate asks for: layer, colours, scale, slice, chosen wells, map or table."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from dashboard.plates.scales import BOUNDS, COLOURS, RESCALE, SCALES
from labrelay.contracts.wells import SLICES

MAP, TABLE = "map", "table"
LONGEST: Final = 20_000


@dataclass(frozen=True)
class PlateView:
    """An address of a plate's page, or of several plates on one.

    Attributes:
        layer: its key; empty for the usual one.
        low: of a fixed scale, as `high`; as they were typed.
        task: a task's id; empty for the one with most images.
        slices: of channel, plane and time the values that are shown.
        sel: chosen wells, as `dashboard.plates.selection` reads them.
        show: `map`, or `table`.
        sort: the table's column.
        down: the table begins with the largest.
        page: of the table, from 1.
        plates: ids, where several are compared.
    """

    layer: str = ""
    colours: str = "viridis"
    scale: str = "plate"
    bounds: str = RESCALE
    low: str = ""
    high: str = ""
    task: str = ""
    slices: tuple[tuple[str, str], ...] = ()
    sel: str = ""
    show: str = MAP
    sort: str = "well"
    down: bool = False
    page: int = 1
    plates: tuple[str, ...] = ()

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> "PlateView":
        """The view of an address; what it can't mean is left out."""
        given = [(name, value[:LONGEST]) for name, value in pairs]
        one = dict(given)
        return cls(
            layer=one.get("layer", "")[:200],
            colours=_one_of(COLOURS, one.get("colours", "")),
            scale=_one_of(SCALES, one.get("scale", "")),
            bounds=_one_of(BOUNDS, one.get("bounds", "")),
            low=_number(one.get("low", "")),
            high=_number(one.get("high", "")),
            task=one.get("task", "")[:200],
            slices=tuple((name, one[name][:200]) for name in SLICES if one.get(name)),
            sel=one.get("sel", ""),
            show=TABLE if one.get("show") == TABLE else MAP,
            sort=one.get("sort", "") or "well",
            down=one.get("down") == "yes",
            page=max(1, int(one["page"][:6])) if one.get("page", "").isdecimal() else 1,
            plates=tuple(dict.fromkeys(value for name, value in given if name == "plate" and value)),
        )

    @property
    def fixed(self) -> tuple[float | None, float | None]:
        """The bounds of a fixed scale; None where it has none."""
        if self.scale != "fixed":
            return None, None
        low, high = (float(each) if each else None for each in (self.low, self.high))
        return low, high

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The address's parameters; what is usual is left out."""
        usual = PlateView()
        names = ("layer", "colours", "scale", "bounds", "low", "high", "task")
        found = [("plate", each) for each in self.plates]
        found += [(name, getattr(self, name)) for name in names if getattr(self, name) != getattr(usual, name)]
        found += self.slices
        found += [("show", TABLE)] if self.show == TABLE else []
        found += [("sort", self.sort)] if self.sort != "well" else []
        found += [("down", "yes")] if self.down else []
        found += [("page", str(self.page))] if self.page > 1 else []
        return (*found, *([("sel", self.sel)] if self.sel else []))

    @property
    def query(self) -> str:
        """With its question mark; empty for the usual view."""
        return f"?{urlencode(self.pairs, safe=':,')}" if self.pairs else ""

    def but(self, **changes: Any) -> str:
        """The query of the same view but for some members."""
        return replace(self, **changes).query or "?"


def _one_of(known: Iterable[str], value: str) -> str:
    choices = list(known)
    return value if value in choices else choices[0]


def _number(text: str) -> str:
    try:
        return text.strip() if math.isfinite(float(text)) else ""
    except ValueError:
        return ""
