"""Olympus/Evident scanR: `<plate>--<well>--W00002--P00001--Z00000--T00000--DAPI.tif`.

Format: scanR's `data` folder. `P` is the position in the well (`field`), `T` and `Z` count from 0, the last part names
the channel: text. `W` counts wells along the plate, whose size the name doesn't tell: it stays a number
(`well_number`); `well` is there when a part before it names one.
"""

from typing import Final

from labrelay.plates.preset import TIFF, Preset
from labrelay.plates.wells import WELL

_WELL_NUMBER: Final = r"W(?P<well_number__int>\d{4,5})--P(?P<field>\d{3,5})"

SCANR: Final = Preset(
    name="scanr",
    title="Olympus/Evident scanR",
    example="B2--W00014--P00001--Z00000--T00000--DAPI.tif",
    names=tuple(
        rf"{start}{_WELL_NUMBER}{order}--(?P<channel>[^-/]+){TIFF}"
        for start in (rf"(?:(?P<plate>.+?)--)?(?P<well>{WELL})--", r"(?:(?P<plate>.+?)--(?:.+--)?)?")
        for order in (r"--T(?P<time>\d{3,6})--Z(?P<z>\d{3,6})", r"--Z(?P<z>\d{3,6})--T(?P<time>\d{3,6})")
    ),
    left_out=(r".*\.(?i:xml|dat|log)",),
)
