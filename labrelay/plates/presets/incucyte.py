"""Sartorius Incucyte: the archive's `EssenFiles/ScanData/YYMM/DD/HHMM/<vessel>/A1-1-C1.tif`, and exported pictures.

Format: as the archive (`.icarch`) and the export dialogue write it. The vessel's number is `plate`, the moment of the
scan `acquired` (ISO 8601, the instrument's clock). Channels are named in the archive (`C1`, `C2`, `P`, `Ph`): text.
Exports are `<name>_A1_1_2024y01m02d_03h04m.tif`, or count from the first scan (`_00d04h30m`): `elapsed`, as written.
"""

from typing import Final

from labrelay.plates.preset import Preset
from labrelay.plates.wells import WELL

_EXPORT: Final = rf"(?P<plate>.+)_(?P<well>{WELL})_(?P<field>\d{{1,4}})_"
_PICTURE: Final = r"\.(?i:tiff?|png|jpe?g)"

INCUCYTE: Final = Preset(
    name="incucyte",
    title="Sartorius Incucyte",
    example="EssenFiles/ScanData/2401/02/0304/1248/A1-1-C1.tif",
    names=(
        rf"(?P<well>{WELL})-(?P<field>\d{{1,4}})-(?P<channel>C\d|Ph?|Phase|G|Green|R|Red|N|NIR|O|Orange){_PICTURE}",
        _EXPORT + r"(?P<year>\d{4})y(?P<month>\d\d)m(?P<day>\d\d)d_(?P<hour>\d\d)h(?P<minute>\d\d)m" + _PICTURE,
        _EXPORT + r"(?P<elapsed>\d{1,3}d\d{1,2}h\d{1,2}m)" + _PICTURE,
    ),
    folders=(
        r"/(?i:ScanData)/(?P<year>\d\d)(?P<month>\d\d)/(?P<day>\d\d)/(?P<hour>\d\d)(?P<minute>\d\d)/(?P<plate>[^/]+)/",
    ),
    left_out=(r".*\.(?i:xml|dat|db)",),
    aliases=("essen",),
)
