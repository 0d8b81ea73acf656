"""Which images a plate should have, and which of them are missing while others still come. Pure.

A task that says `plate_images` settles it. Else what most wells have is taken for what each should have, and a well
without images is missing only where the instrument has passed it: the order in which wells came tells where it is.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from labrelay.contracts.wells import FORMATS
from labrelay.plates.wells import Well

DENSE: Final = 0.8
"""Share of the passed wells that came: below it an instrument takes chosen wells, and none of the others is missing."""
STEADY: Final = 0.9
"""Share of steps that go on along an order, where an instrument visits wells in it; files overtake one another."""
FEW: Final = 4
"""From so few wells no order is read."""

ORDERS: Final[tuple[Callable[[Well], tuple[int, int]], ...]] = (
    lambda well: (well.row, well.column),
    lambda well: (well.column, well.row),
    lambda well: (well.row, well.column if well.row % 2 else -well.column),
    lambda well: (well.column, well.row if well.column % 2 else -well.row),
)


class Came(NamedTuple):
    """What came of one well: how many images, and the running number of the first."""

    images: int
    first: int


@dataclass(frozen=True)
class Expectation:
    """What a plate should have.

    Attributes:
        rows: of its format, as `columns`.
        per_well: images; None before anything came.
        told_by: who says so.
        wells: those that should have images.
        passed: those of them that nothing more is likely to come for.
    """

    rows: int
    columns: int
    per_well: int | None = None
    told_by: Literal["task", "wells", ""] = ""
    wells: frozenset[Well] = frozenset()
    passed: frozenset[Well] = frozenset()

    def of(self, well: Well) -> int | None:
        """Images that a well should have; None where none is expected."""
        return self.per_well if well in self.wells else None

    @property
    def images(self) -> int | None:
        """Images in all; None where nobody can know."""
        return self.per_well * len(self.wells) if self.per_well else None


def expectation_of(came: Mapping[Well, Came], finished: bool, plate_images: int | None) -> Expectation:
    """What a plate should have, as far as anybody can know now.

    Args:
        came: the wells that have images.
        finished: nothing more is waited for.
        plate_images: images of the whole plate that its task expects.
    """
    rows, columns = format_of(came)
    if not came:
        return Expectation(rows, columns)
    usual = _usual(came)
    told = _told_format(plate_images, usual, (rows, columns))
    if told:
        rows, columns = told
        wells = frozenset(Well(row, column) for row in range(1, rows + 1) for column in range(1, columns + 1))
        return Expectation(rows, columns, usual, "task", wells, wells if finished else _passed(came, wells))
    region = _region(came)
    passed = region if finished else _passed(came, region)
    if sum(well in came for well in passed) < DENSE * len(passed):
        region, passed = frozenset(came), passed & came.keys()
    return Expectation(rows, columns, usual, "wells", region, passed)


def format_of(wells: Mapping[Well, object]) -> tuple[int, int]:
    """Rows and columns of the smallest usual plate that has these wells; 96 without any."""
    if not wells:
        return FORMATS[96]
    row, column = max(well.row for well in wells), max(well.column for well in wells)
    return next(each for each in FORMATS.values() if each[0] >= row and each[1] >= column)


def _usual(came: Mapping[Well, Came]) -> int:
    """What most wells have, the larger number of two; the newest may still be coming."""
    newest = max(came, key=lambda well: came[well].first)
    counted = Counter(each.images for well, each in came.items() if well != newest or len(came) == 1)
    most = max(counted.values())
    return max(images for images, wells in counted.items() if wells == most)


def _told_format(plate_images: int | None, usual: int, least: tuple[int, int]) -> tuple[int, int] | None:
    if not plate_images or plate_images % usual:
        return None
    found = FORMATS.get(plate_images // usual)
    return found if found and found[0] >= least[0] and found[1] >= least[1] else None


def _region(came: Mapping[Well, Came]) -> frozenset[Well]:
    """The rectangle that the wells span."""
    rows, columns = [well.row for well in came], [well.column for well in came]
    return frozenset(
        Well(row, column) for row in range(min(rows), max(rows) + 1) for column in range(min(columns), max(columns) + 1)
    )


def _passed(came: Mapping[Well, Came], region: frozenset[Well]) -> frozenset[Well]:
    """What lies before the newest well in the order that the wells came in; nothing where they came in none."""
    visited = sorted(came, key=lambda well: came[well].first)
    if len(visited) < FEW:
        return frozenset()
    steady = {order: _steadiness([order(well) for well in visited]) for order in ORDERS}
    order = max(ORDERS, key=lambda each: steady[each])
    if steady[order] < STEADY:
        return frozenset()
    front = max(order(well) for well in visited)
    return frozenset(well for well in region if order(well) < front)


def _steadiness(places: list[tuple[int, int]]) -> float:
    onward = sum(after > before for before, after in pairwise(places))
    return onward / (len(places) - 1)
