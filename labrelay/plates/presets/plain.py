"""Names that people and simple readers write: `A01_s1_w1.tif`, `A01.tif`, `plate_A1_f2_ch3_z4_t5.tif`, `wellA01.png`.

Format: a well, a name before it (`plate`), and after it in any order: `s`, `f`, `site`, `field`, `xy`, `pos` (`field`);
`w`, `c`, `ch`, `channel` or a usual dye (`channel`); `z`, `p`, `plane` (`z`); `t`, `tp`, `time` (`time`). Thermo's
ArrayScan is one of them: `<plate>_A01f00d0.TIF`, where `d` is the channel.
"""

from typing import Final

from labrelay.plates.preset import Preset
from labrelay.plates.wells import PADDED_WELL, WELL

_DYES: Final = (
    "DAPI|Hoechst(?:33342)?|GFP|EGFP|FITC|TRITC|RFP|mCherry|tdTomato|YFP|CFP|BFP|Cy3|Cy5|Cy7|TexasRed|"
    "(?:AF|Alexa)(?:350|405|488|546|555|568|594|633|647|680|750)|BF|Brightfield|Phase|PC|DIC|TL"
)
_PART: Final = (
    r"(?:[_\- ]*(?i:"
    r"(?:field|fld|site|pos|xy|s|f)[_\- ]?(?P<field>\d{1,4})"
    rf"|(?:(?:channel|ch|c|w|d)[_\- ]?(?=\d)|(?=(?:{_DYES})(?![A-Za-z0-9])))(?P<channel>\d{{1,3}}|{_DYES})"
    r"|(?:plane|z|p)[_\- ]?(?P<z>\d{1,4})"
    r"|(?:timepoint|time|tp|t)[_\- ]?(?P<time>\d{1,5})"
    r"))"
)
_PLATE: Final = r"(?:(?P<plate>.+?)[_\- ]+)"
_COUNTS: Final = "|".join(rf"{letter}\d+(?:[_\- ]*[{'CDFPSTWZ'.replace(letter, '')}]\d+)+" for letter in "STWZ")
_NO_COUNTS: Final = rf"(?!(?:.*(?<![A-Z]\d)(?<![A-Z]\d\d)[_\- ])?(?:{_COUNTS})\.)"
"""`exp_T1_C2_Z3` counts time, channel and plane: rows S, T, W and Z are on plates of 1,536 wells alone."""
_WORD: Final = r"(?:[Ww]ell[_\- ]?)"
_SUFFIX: Final = r"(?:\.[A-Za-z0-9]{1,8}){0,2}"
_IMAGE: Final = r"(?:\.ome)?\.(?i:tiff?|png|jpe?g|jp2|bmp|czi|nd2|lif)"

PLAIN: Final = Preset(
    name="plain",
    title="Plain well names",
    example="plate4/A01_s1_w1.tif",
    names=(
        rf"{_PLATE}?{_WORD}(?P<well>{WELL}){_PART}*{_SUFFIX}",
        rf"{_NO_COUNTS}(?P<well>{WELL}){_PART}+{_SUFFIX}",
        rf"{_NO_COUNTS}{_PLATE}(?P<well>{PADDED_WELL}){_PART}+{_SUFFIX}",
        rf"{_NO_COUNTS}{_PLATE}(?P<well>{WELL}){_PART}{{2,}}{_SUFFIX}",
        rf"{_NO_COUNTS}(?:(?P<plate>.+?)[_-])?(?P<well>{PADDED_WELL}){_IMAGE}",
        rf"(?P<well>{WELL}){_IMAGE}",
    ),
    unsure=(rf"{_PLATE}?{_WORD}?(?P<well>(?i:{WELL})){_PART}*{_SUFFIX}",),
)
