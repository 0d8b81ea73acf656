"""Molecular Devices ImageXpress (MetaXpress): `<plate>_A01_s1_w1<GUID>.tif`.

Format: MetaXpress' database export, as Bio-Formats' reader "MetaXpress TIFF" and real plates show it. A site (`_s`) is
`field`, a wavelength (`_w`) `channel`; either is missing where there is only one. Databases glue a GUID to the last
number (`_s117654C10-92F1-…` is site 1), exports don't. Time points and planes are folders (`TimePoint_2`, `ZStep_3`).
Databases put a plate into `<date>/<plate's number>`, exports into `<name>_Plate_<number>`: `plate_id`.
"""

from typing import Final

from labrelay.plates.preset import GUID, TIFF, Preset
from labrelay.plates.wells import PADDED_WELL, WELL

_SITE: Final = r"_s(?P<field>\d{1,4})"
_WAVE: Final = r"_w(?P<channel>\d{1,2})"
_REST: Final = rf"(?:_z(?P<z>\d{{1,4}}))?(?:_t(?P<time>\d{{1,5}}))?(?:{GUID})?{TIFF}"
_THUMB: Final = rf"(?:.+_)?(?i:{WELL})(?:_s\d+)?(?:_w\d+)?_(?i:thumb)(?:{GUID})?{TIFF}"


def _start(well: str) -> str:
    return rf"(?:(?P<plate>.+)_)?(?P<well>{well})"


IMAGEXPRESS: Final = Preset(
    name="imagexpress",
    title="Molecular Devices ImageXpress",
    example="2023-02-21/1334/Projection-Mix_E07_s1_w1E94C24BD-45E4-450A-9919-257C714278F7.tif",
    names=(
        rf"{_start(PADDED_WELL)}{_SITE}(?:{_WAVE})?{_REST}",
        rf"{_start(PADDED_WELL)}{_WAVE}{_REST}",
        rf"{_start(f'(?i:{PADDED_WELL})')}(?:{_SITE})?(?:{_WAVE})?{GUID}{TIFF}",
    ),
    unsure=(rf"(?:(?P<plate>.+?)_)?(?P<well>(?i:{WELL}))(?:{_SITE})?(?:{_WAVE})?{_REST}",),
    folders=(
        r"/\d{4}-\d\d-\d\d/(?P<plate_id>\d{1,9})/",
        r"/[^/]+_(?i:Plate)_(?P<plate_id>\d{1,9})/",
    ),
    left_out=(rf".*_thumb[^/]*{TIFF}", r".*\.(?i:htd)"),
    never_images=(_THUMB,),
    aliases=("metaxpress",),
)
