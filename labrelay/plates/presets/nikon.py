"""Nikon NIS-Elements: JOBS (`WellA01_PointA01_0000_ChannelDAPI_Seq0001.nd2`) and exports (`<name>_xy01z1c1t001.tif`).

Format: the names that JOBS' storage and "Split to single TIFFs" make. `Point` (or `xy`) is `field`, `Seq` the number of
the file (`sequence`), from 0. A channel is named: text; a file of several has `channels`, with commas. JOBS may number
wells (`Well2`): `well_number`. What stands before `Well…`, often the moment of the start, is `plate`.
"""

from typing import Final

from labrelay.plates.preset import Preset
from labrelay.plates.wells import WELL

_START: Final = r"(?:(?P<plate>.+?)__?)?"
_CHANNEL: Final = r"_?Channel(?:(?P<channel>[^,/]+?)|(?P<channels>[^/]+?))"
_POINT: Final = rf"(?:_?Point(?:{WELL}_)?(?P<field>\d{{1,5}}))?"
_NUMBER: Final = r"_Seq(?P<sequence__int>\d{1,6})"
_SEQUENCE: Final = rf"{_NUMBER}(?:_[^/]*)?(?i:(?:\.ome)?\.(?:nd2|tiff?))"
_FIELD: Final = r"xy(?P<field>\d{1,4})"
_PART: Final = r"(?:z(?P<z>\d{1,4})|c(?P<channel>\d{1,2})|t(?P<time>\d{1,5}))"
_FILE: Final = r"\.(?i:tiff?|nd2)"
_EXPORT: Final = rf"_(?:t(?P<frame__int>\d+))?{_FIELD}{_PART}*{_FILE}"

NIKON: Final = Preset(
    name="nikon",
    title="Nikon NIS-Elements (JOBS, TIFF export)",
    example="WellA01_PointA01_0000_ChannelDAPI_Seq0001.nd2",
    names=(
        rf"{_START}Well(?:(?P<well>{WELL})|(?P<well_number__int>\d{{1,4}})){_POINT}(?:{_CHANNEL})?{_SEQUENCE}",
        rf"{_START}{_POINT}{_CHANNEL}{_SEQUENCE}",
        rf"{_START}Well(?P<well>{WELL})(?:_Channel(?P<channels>[^/]+?))?{_NUMBER}{_FIELD}{_PART}*{_FILE}",
        rf"(?:(?:[Ww]ell_?)?|(?P<plate>.+?)(?:_|_?[Ww]ell_?))(?P<well>{WELL}){_EXPORT}",
        rf"(?P<plate>.+?){_EXPORT}",
        rf"(?:(?P<well>{WELL})|(?P<plate>.+?)){_FIELD}{_PART}+{_FILE}",
    ),
    aliases=("nis", "nis-elements"),
)
