"""Yokogawa CellVoyager CV7000 and CV8000: `<plate>_D08_T0001F001L01A01Z01C01.tif`.

Format: the measurement folder beside `MeasurementData.mlf`. `T` time, `F` field, `L` time line, `A` action, `Z` plane,
`C` channel, all from 1. Dark (`DC_…_CAM3.tif`) and shading (`SC_…_CH01.tif`) corrections lie beside the data.
"""

from typing import Final

from labrelay.plates.preset import TIFF, Preset
from labrelay.plates.wells import PADDED_WELL

YOKOGAWA: Final = Preset(
    name="yokogawa",
    title="Yokogawa CellVoyager CV7000, CV8000",
    example="assay_20230918_135839/assay/assay_D08_T0001F001L01A01Z01C01.tif",
    names=(
        rf"(?:(?P<plate>.+)_)?(?P<well>{PADDED_WELL})_T(?P<time>\d{{4}})F(?P<field>\d{{3,4}})"
        rf"L(?P<time_line__int>\d{{2}})A(?P<action__int>\d{{2}})Z(?P<z>\d{{2,4}})C(?P<channel>\d{{2}}){TIFF}",
    ),
    left_out=(r".*\.(?i:mlf|mes|mrf|wpi|wpp|ppf|icr|xml|log)",),
    never_images=(rf"DC_.*_CAM\d+{TIFF}", rf"SC_.*_M\d+_CH\d+{TIFF}"),
    aliases=("cv7000", "cv8000", "cellvoyager"),
)
