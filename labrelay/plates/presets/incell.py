"""GE/Cytiva IN Cell Analyzer: `A - 01(fld 1 wv DAPI - DAPI).tif`.

Format: the names beside the `.xdce` file; software versions differ in leading zeros. `wv` names excitation and
emission: both together are `channel` (text), as one filter of either may serve two channels. `z` and `time` are there
when taken.
"""

from typing import Final

from labrelay.plates.preset import TIFF, Preset

INCELL: Final = Preset(
    name="incell",
    title="GE/Cytiva IN Cell Analyzer",
    example="plate 3/B - 02(fld 01 wv Blue - FITC).tif",
    names=(
        r"(?:(?P<plate>.+)_)?(?P<row>[A-Z]{1,2}) - (?P<column>\d{1,3})\(fld (?P<field>\d{1,4})"
        r"(?: wv (?P<channel>[^()/]+?))?(?: z (?P<z>\d{1,4}))?(?: (?:- )?time (?P<time>\d{1,5})(?: - \d+ ms)?)?\)"
        + TIFF,
    ),
    left_out=(r".*\.(?i:xdce|xml)",),
)
