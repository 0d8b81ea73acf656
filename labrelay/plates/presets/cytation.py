"""Agilent BioTek Cytation and Lionheart (Gen5): `A1_01_1_2_Phase Contrast_001.tif`.

Format: Gen5's saved pictures, as Bio-Formats' BioTek reader knows them: well, read step (`step`; negative for what Gen5
computed from others), number of the channel in the step (`channel_number`), picture in the well (`field`), name of the
channel (`channel`, text), `time` from 1.
"""

from typing import Final

from labrelay.plates.preset import TIFF, Preset
from labrelay.plates.wells import WELL

CYTATION: Final = Preset(
    name="cytation",
    title="Agilent BioTek Cytation, Lionheart (Gen5)",
    example="plate 3/A1_01_1_2_Phase Contrast_001.tif",
    names=(
        rf"(?P<well>{WELL})_(?P<step__int>-?\d{{1,3}})_(?P<channel_number__int>\d{{1,3}})_(?P<field>\d{{1,4}})"
        rf"_(?P<channel>[^_/]+)_(?P<time>\d{{3,5}}){TIFF}",
    ),
    left_out=(r".*\.(?i:xml)",),
    aliases=("biotek", "gen5"),
)
