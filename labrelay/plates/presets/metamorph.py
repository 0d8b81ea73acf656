"""MetaMorph's multi-dimensional acquisition: `<name>_w1DAPI_s3_t5.TIF` beside `<name>.nd`.

Format: the `.nd` file's naming, as MetaMorph and Bio-Formats document it. `w` numbers the wavelength from 1 and usually
names it: then the name is `channel` (a laser line such as 488 is a number) and the number `wavelength`; without a name
`channel` is the number. A stage position (`s`) is `field`.
"""

from typing import Final

from labrelay.plates.preset import GUID, Preset
from labrelay.plates.wells import PADDED_WELL

_STARTS: Final = (rf"(?:(?P<plate>.+?)_)?(?P<well>{PADDED_WELL})", r"(?P<plate>.+?)")
_NAMED: Final = rf"_w(?P<wavelength__int>\d)(?!_|{GUID})(?P<channel>(?:[A-Za-z]|\d{{3}}).*?)"
_STAGE: Final = r"_s(?P<field>\d{1,4})"
_TIME: Final = r"_t(?P<time>\d{1,6})"
_FILE: Final = r"\.(?i:tiff?|stk)"

METAMORPH: Final = Preset(
    name="metamorph",
    title="MetaMorph",
    example="time lapse_w1DAPI_s3_t5.TIF",
    names=tuple(
        f"{start}{rest}{_FILE}"
        for rest in (
            rf"{_NAMED}(?:{_STAGE})?(?:{_TIME})?",
            rf"_w(?P<channel>\d{{1,2}})(?:{_STAGE})?{_TIME}",
            rf"_w(?P<channel>\d{{1,2}}){_STAGE}",
        )
        for start in _STARTS
    ),
    unsure=tuple(
        f"{start}{rest}{_FILE}"
        for rest in (r"_w(?P<channel>\d{1,2})", f"{_STAGE}(?:{_TIME})?", _TIME)
        for start in _STARTS
    ),
    left_out=(r".*\.(?i:nd|log)", rf".*_(?i:thumb)_.*{_FILE}"),
)
