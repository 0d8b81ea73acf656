"""Plates: wells, the order in which an instrument visits them, and vendors' file names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from string import ascii_uppercase

from pipelines.instrument.errors import PlateUnknown


class Order(StrEnum):
    """How the stage moves from well to well."""

    SNAKE = "snake"
    ROWS = "rows"


class Vendor(StrEnum):
    """Whose file names to use."""

    IMAGEXPRESS = "imagexpress"
    OPERA = "opera"
    INCUCYTE = "incucyte"


@dataclass(frozen=True)
class Well:
    """A well by its row and column, both from 0."""

    row: int
    column: int

    @property
    def name(self) -> str:
        """Name such as `A01`; the row after Z is AA."""
        first, last = divmod(self.row, 26)
        letters = (ascii_uppercase[first - 1] if first else "") + ascii_uppercase[last]
        return f"{letters}{self.column + 1:02d}"


@dataclass(frozen=True)
class Shot:
    """One image to take: its well and its site in the well, from 1."""

    well: Well
    site: int


@dataclass(frozen=True)
class Plate:
    """A microplate and how it is imaged.

    Attributes:
        name: Name (barcode) of the plate; also the sub-folder of its files.
        rows: Rows of wells.
        columns: Columns of wells.
        sites: Images in each well.
        order: The stage's way from well to well.
        vendor: Whose file names to use.
        blank_wells: Names of wells without cells; None means the last one.
        scanned: Time of the scan, which Incucyte puts into its folders.
    """

    name: str
    rows: int = 8
    columns: int = 12
    sites: int = 1
    order: Order = Order.SNAKE
    vendor: Vendor = Vendor.IMAGEXPRESS
    blank_wells: frozenset[str] | None = None
    scanned: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    @classmethod
    def of_wells(
        cls,
        name: str,
        wells: int,
        sites: int = 1,
        order: Order = Order.SNAKE,
        vendor: Vendor = Vendor.IMAGEXPRESS,
    ) -> "Plate":
        """Plate of a usual format.

        Raises:
            PlateUnknown: The number of wells is not 6, 12, 24, 48, 96, 384 or 1536.
        """
        formats = {6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 96: (8, 12), 384: (16, 24), 1536: (32, 48)}
        if wells not in formats:
            raise PlateUnknown(f"There is no plate of {wells} wells.")
        rows, columns = formats[wells]
        return cls(name, rows, columns, sites, order, vendor)

    def wells(self) -> list[Well]:
        """Wells in the order in which the instrument visits them."""
        return [Well(row, column) for row in range(self.rows) for column in self._columns(row)]

    def is_blank(self, well: Well) -> bool:
        """Whether a well is without cells."""
        if self.blank_wells is None:
            return well == Well(self.rows - 1, self.columns - 1)
        return well.name in self.blank_wells

    def shots(self, images: int | None = None) -> list[Shot]:
        """Images to take, in order.

        Args:
            images: How many; None takes every site of every well. Fewer than there are wells are spread evenly over
                the plate, with a blank well among them; more than the plate has sites take further sites.
        """
        wells = self.wells()
        images = len(wells) * self.sites if images is None else images
        if images < len(wells):
            return [Shot(well, 1) for well in self._spread(wells, images)]
        sites, more = divmod(images, len(wells))
        return [Shot(well, site + 1) for i, well in enumerate(wells) for site in range(sites + (i < more))]

    def path(self, shot: Shot) -> str:
        """File of a shot relative to the watched folder, with forward slashes."""
        return f"{self.name}/{_NAMES[self.vendor](self, shot)}"

    def _columns(self, row: int) -> range:
        backwards = self.order is Order.SNAKE and row % 2 == 1
        return range(self.columns - 1, -1, -1) if backwards else range(self.columns)

    def _spread(self, wells: list[Well], images: int) -> list[Well]:
        blanks = [well for well in wells if self.is_blank(well)][:1] if images > 1 else []
        others = [well for well in wells if not self.is_blank(well)] or wells
        wanted = images - len(blanks)
        chosen = {others[i * len(others) // wanted] for i in range(wanted)} | set(blanks)
        return [well for well in wells if well in chosen]


def _imagexpress(plate: Plate, shot: Shot) -> str:
    return f"{plate.name}_{shot.well.name}_s{shot.site}_w1.tif"


def _opera(_: Plate, shot: Shot) -> str:
    return f"Images/r{shot.well.row + 1:02d}c{shot.well.column + 1:02d}f{shot.site:03d}p01-ch1sk1fk1fl1.tiff"


def _incucyte(plate: Plate, shot: Shot) -> str:
    letters, column = shot.well.name[:-2], shot.well.column + 1
    folder = f"EssenFiles/ScanData/{plate.scanned:%y%m/%d/%H%M}/1001"
    return f"{folder}/{letters}{column}-{shot.site}-C1.tif"


_NAMES: dict[Vendor, Callable[[Plate, Shot], str]] = {
    Vendor.IMAGEXPRESS: _imagexpress,
    Vendor.OPERA: _opera,
    Vendor.INCUCYTE: _incucyte,
}
