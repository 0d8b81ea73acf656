"""PerkinElmer/Revvity Operetta and Opera Phenix (Harmony), and the older Opera's flex files.

Format: Harmony's export (`Images/Index.idx.xml` lists the names): `r` row, `c` column, `f` field, `p` plane (`z`), `ch`
channel, `sk` time from 1 (its TimepointID + 1); from Harmony 5.3 `t01` stands for `sk1fk1fl1`. The measurement's folder
is `<plate>__<moment>-Measurement <n>`. Opera: `rrrccc000.flex`, one file a well with its fields.
"""

from typing import Final

from labrelay.plates.preset import TIFF, Preset

HARMONY: Final = Preset(
    name="harmony",
    title="PerkinElmer/Revvity Operetta, Opera, Opera Phenix (Harmony)",
    example="plate7__2024-05-06T10_11_12-Measurement 1/Images/r02c03f01p02-ch1sk1fk1fl1.tiff",
    names=(
        r"r(?P<row>\d{2})c(?P<column>\d{2})f(?P<field>\d{2,4})p(?P<z>\d{2,4})-ch(?P<channel>\d{1,2})"
        rf"(?:(?:sk|t)(?P<time>\d{{1,5}}))?(?:fk\d+)?(?:fl\d+)?{TIFF}",
    ),
    unsure=(r"(?P<row>\d{3})(?P<column>\d{3})\d{3}\.(?i:flex)",),
    folders=(
        r"/(?P<plate>[^/]+?)__[^/]*-Measurement[ _]?(?P<measurement__int>\d{1,5})[^/]*/",
        r"/(?i:Meas)_(?P<measurement__int>\d{1,5})/",
    ),
    left_out=(r".*\.(?i:xml)", r".*\.(?i:kw\.txt)"),
    aliases=("operetta", "opera", "phenix"),
)
