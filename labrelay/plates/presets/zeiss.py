"""Zeiss ZEN exports: `<name>_s01_t02_z03_c1_ORG.tif` and `<name>_b0t0z0c0x0-512y0-512.tif`.

Format: ZEN's "Image Export" (scene `s`, time `t`, plane `z`, channel `c`, tile `m`; from 1) and its raw TIFF export
(block `b` or phase `h`; from 0, with the pixels' range). A scene is `field`. A well is read when it stands before them.
"""

from typing import Final

from labrelay.plates.preset import Preset
from labrelay.plates.wells import PADDED_WELL

_NAME: Final = r"(?P<plate>.+?)(?:-Image Export-\d+|-Scene-(?P<scene__int>\d{1,4})(?:-[^_/]*)?)?"
_STARTS: Final = (rf"(?:{_NAME}[_-])?(?P<well>{PADDED_WELL})", _NAME)
_PART: Final = r"(?:s(?P<field>\d{1,4})|t(?P<time>\d{1,5})|z(?P<z>\d{1,5})|c(?P<channel>\d{1,3})|m\d{1,5})"
_PICTURE: Final = r"\.(?i:tiff?|png|jpe?g|bmp|jxr)"

ZEISS: Final = Preset(
    name="zeiss",
    title="Zeiss ZEN exports",
    example="slide3_s01_c1_ORG.tif",
    names=tuple(
        f"{start}{rest}{_PICTURE}"
        for rest in (
            rf"(?:_{_PART})+_ORG",
            r"_(?:[bhvi]\d+)*(?:s(?P<field>\d{1,4}))?(?:[bhvi]\d+)*t(?P<time>\d{1,5})z(?P<z>\d{1,5})"
            r"c(?P<channel>\d{1,3})(?:m\d+)?x\d+-\d+y\d+-\d+(?: ?\([^()/]*\))?",
        )
        for start in _STARTS
    ),
    unsure=tuple(rf"{start}(?:_?{_PART})+(?:_ORG)?{_PICTURE}" for start in _STARTS),
    left_out=(r".*_(?i:info|metadata|meta)\.(?i:xml)",),
    aliases=("zen",),
)
