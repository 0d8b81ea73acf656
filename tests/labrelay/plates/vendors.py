"""File names as instruments write them, made up for the tests, and what they tell."""

from typing import Any, Final

from labrelay.contracts.attributes import Attributes
from labrelay.plates.wells import well_of

GUID: Final = "117654C1-92F1-4DFE-AA95-AF05B78109EB"


def told(well: str = "", **more: Any) -> Attributes:
    """Attributes of a well, and more."""
    if not well:
        return more
    place = well_of(well)
    return {"well": place.name, "row": place.letters, "column": place.column, **more}


KNOWN: Final[dict[str, dict[str, Attributes]]] = {
    "imagexpress": {
        "p1_A01_s1_w1.tif": told("A01", plate="p1", field=1, channel=1),
        "my plate_2_P24_s12_w4.TIF": told("P24", plate="my plate_2", field=12, channel=4),
        f"p_B03_s2_w3{GUID}.tif": told("B03", plate="p", field=2, channel=3),
        "p_B03_s117654C10-92F1-4DFE-AA95-AF05B78109EB.tif": told("B03", plate="p", field=1),
        f"p_b03_s1_w2{GUID.lower()}.tif": told("B03", plate="p", field=1, channel=2),
        f"p_C05_w2{GUID}.tif": told("C05", plate="p", channel=2),
        f"p_C05{GUID}.tif": told("C05", plate="p"),
        "p_AF48_s1.tif": told("AF48", plate="p", field=1),
        "p_A01_w1.tif": told("A01", plate="p", channel=1),
        "exp/TimePoint_3/p_A01_s1_w1.TIF": told("A01", plate="p", field=1, channel=1, time=3),
        "exp/TimePoint_3/ZStep_7/p_A01_s1_w1.tif": told("A01", plate="p", field=1, channel=1, time=3, z=7),
        "7_Plate_88/TimePoint_1/7_A01_s1.TIF": told("A01", plate="7", plate_id="88", field=1, time=1),
        "2023-02-21/1334/p_A01_s1.tif": told("A01", plate="p", plate_id="1334", date="2023-02-21", field=1),
    },
    "harmony": {
        "r01c01f001p01-ch1sk1fk1fl1.tiff": told("A01", field=1, z=1, channel=1, time=1),
        "r16c24f09p12-ch4sk30fk1fl1.tiff": told("P24", field=9, z=12, channel=4, time=30),
        "r32c48f01p01-ch1t02.tiff": told("AF48", field=1, z=1, channel=1, time=2),
        "r02c03f01p01-ch2.tif": told("B03", field=1, z=1, channel=2),
        "plate 9__2020-05-01T10_11_12-Measurement 2/Images/r02c03f01p01-ch1sk1fk1fl1.tiff": told(
            "B03", plate="plate 9", measurement=2, field=1, z=1, channel=1, time=1
        ),
        "barcode/Images/r02c03f01p01-ch1sk1fk1fl1.tiff": told("B03", plate="barcode", field=1, z=1, channel=1, time=1),
    },
    "incell": {
        "A - 01(fld 1 wv DAPI - DAPI).tif": told("A01", field=1, channel="DAPI - DAPI"),
        "Plate1_HA_B - 2(fld 03 wv TL-Brightfield - DAPI z 4).tif": told(
            "B02", plate="Plate1_HA", field=3, channel="TL-Brightfield - DAPI", z=4
        ),
        "p/F - 001(fld 01 wv Blue - FITC - time 07 - 0 ms).tif": told(
            "F01", plate="p", field=1, channel="Blue - FITC", time=7
        ),
    },
    "cytation": {
        "A1_01_1_2_Phase Contrast_001.tif": told(
            "A01", step=1, channel_number=1, field=2, channel="Phase Contrast", time=1
        ),
        "p/P24_-2_3_1_Tsf[Stitched[DAPI 377,447]]_012.tif": told(
            "P24", plate="p", step=-2, channel_number=3, field=1, channel="Tsf[Stitched[DAPI 377,447]]", time=12
        ),
    },
    "incucyte": {
        "EssenFiles/ScanData/2412/31/2359/1001/H12-4-C2.tif": told(
            "H12", plate="1001", acquired="2024-12-31T23:59", field=4, channel="C2"
        ),
        "ScanData/2401/02/0304/77/A1-1-Ph.tif": told(
            "A01", plate="77", acquired="2024-01-02T03:04", field=1, channel="Ph"
        ),
        "Run 5_A1_1_2024y01m02d_03h04m.tif": told("A01", plate="Run 5", field=1, acquired="2024-01-02T03:04"),
        "VID12_B11_4_00d04h30m.png": told("B11", plate="VID12", field=4, elapsed="00d04h30m"),
    },
    "yokogawa": {
        "p_D08_T0001F001L01A01Z01C01.tif": told(
            "D08", plate="p", time=1, field=1, z=1, channel=1, time_line=1, action=1
        ),
        "a_b/a_b_P24_T0012F034L02A03Z04C05.tif": told(
            "P24", plate="a_b", time=12, field=34, z=4, channel=5, time_line=2, action=3
        ),
    },
    "zeiss": {
        "slide_s01_c1_ORG.tif": told(plate="slide", field=1, channel=1),
        "slide_t02_z03_c1_ORG.jpg": told(plate="slide", time=2, z=3, channel=1),
        "Snap-2237-Image Export-04_c1_ORG.tif": told(plate="Snap-2237", channel=1),
        "SDA-5-Scene-010_c1_ORG.tif": told(plate="SDA-5", scene=10, channel=1),
        "p/B07_s02_c3_ORG.tif": told("B07", plate="p", field=2, channel=3),
        "p/B07_b0t0z2c1x0-512y0-512.tif": told("B07", plate="p", time=0, z=2, channel=1),
        "exp_B07_s02_c3_ORG.tif": told("B07", plate="exp", field=2, channel=3),
        "pJP31_b0t0z2c1x0-512y0-512.bmp": told(plate="pJP31", time=0, z=2, channel=1),
        "pJP31_h0t3z0c0x0-1024y0-1024 (B).tif": told(plate="pJP31", time=3, z=0, channel=0),
    },
    "nikon": {
        "WellA01_PointA01_0003_ChannelDAPI_Seq0012.nd2": told("A01", field=3, channel="DAPI", sequence=12),
        "WellB12_ChannelDAPI,WF_GFP_Seq0001.nd2": told("B12", channels="DAPI,WF_GFP", sequence=1),
        "20260728_143951_318__WellA05_Channel405,561_Seq0000.nd2": told(
            "A05", plate="20260728_143951_318", channels="405,561", sequence=0
        ),
        "Well2_ChannelFITC_Seq0003.tiff": told(well_number=2, channel="FITC", sequence=3),
        "run__Point0007_ChannelCy5_Seq0007.nd2": told(plate="run", field=7, channel="Cy5", sequence=7),
        "20230303_200618_678__WellP24_ChannelMITO,GFP_Seq0360xy9c2.tif": told(
            "P24", plate="20230303_200618_678", channels="MITO,GFP", sequence=360, field=9, channel=2
        ),
        "exp_xy01z1c1t001.tif": told(plate="exp", field=1, z=1, channel=1, time=1),
        "exp_wellC04_xy2c3.tif": told("C04", plate="exp", field=2, channel=3),
        "expxy12c2.tif": told(plate="exp", field=12, channel=2),
        "exp_B2_xy1.tif": told("B02", plate="exp", field=1),
        "p/B2_xy1.tif": told("B02", plate="p", field=1),
        "Well_C04_xy2c3.tif": told("C04", field=2, channel=3),
        "p/A01xy2c3.tif": told("A01", plate="p", field=2, channel=3),
        "DMSO2_xy01c1.tif": told(plate="DMSO2", field=1, channel=1),
        "RUN3_t2xy01.tif": told(plate="RUN3", frame=2, field=1),
        "cells_U87_xy01.tif": told(plate="cells_U87", field=1),
    },
    "metamorph": {
        "exp_w1DAPI_s3_t5.TIF": told(plate="exp", wavelength=1, channel="DAPI", field=3, time=5),
        "long_name 2_w2FITC-100_t12.stk": told(plate="long_name 2", wavelength=2, channel="FITC-100", time=12),
        "exp_w1488_s1.TIF": told(plate="exp", wavelength=1, channel=488, field=1),
        "exp_w3Cy 5 confocal.tif": told(plate="exp", wavelength=3, channel="Cy 5 confocal"),
        "exp_w2_s1_t1.TIF": told(plate="exp", channel=2, field=1, time=1),
        "p/C07_w1DAPI_s2.TIF": told("C07", plate="p", wavelength=1, channel="DAPI", field=2),
        "A01_w1_s2.tif": told("A01", channel=1, field=2),
        "cells_U87_w1_s2.tif": told(plate="cells_U87", channel=1, field=2),
        "p_C07_w1DAPI_s2.TIF": told("C07", plate="p", wavelength=1, channel="DAPI", field=2),
    },
    "scanr": {
        "B2--W00014--P00001--Z00000--T00002--DAPI.tif": told(
            "B02", well_number=14, field=1, z=0, time=2, channel="DAPI"
        ),
        "exp--A12--W00012--P00003--Z00001--T00000--GFP.tif": told(
            "A12", plate="exp", well_number=12, field=3, z=1, time=0, channel="GFP"
        ),
        "EMBO_2012--empty--empty--W0002--P001--T00010--Z000--C.tif": told(
            plate="EMBO_2012", well_number=2, field=1, time=10, z=0, channel="C"
        ),
    },
    "plain": {
        "A01.tif": told("A01"),
        "B7.png": told("B07"),
        "A-01.tif": told("A01"),
        "wellA01.png": told("A01"),
        "Well_H12_field_3.jpg": told("H12", field=3),
        "plate_A1_f2_ch3_z4_t5.ome.tif": told("A01", plate="plate", field=2, channel=3, z=4, time=5),
        "plate_P24_DAPI.tif": told("P24", plate="plate", channel="DAPI"),
        "run 2/plate-7_C05_site12_Cy5.tiff": told("C05", plate="plate-7", field=12, channel="Cy5"),
        "p_A01f03d1.TIF": told("A01", plate="p", field=3, channel=1),
        "p_B02.tif": told("B02", plate="p"),
        "p_B02_T1_C2.tif": told("B02", plate="p", time=1, channel=2),
        "T01_F1_C2_T5.tif": told("T01", field=1, channel=2, time=5),
        "p_T01_f1_c2.tif": told("T01", plate="p", field=1, channel=2),
        "barcode 7/B02_t3.tif": told("B02", plate="barcode 7", time=3),
        "barcode 7/2024-02-29/TimePoint_4/B02_z3.tif": told("B02", plate="barcode 7", date="2024-02-29", time=4, z=3),
    },
}
"""By preset: a path below the watched folder, and all that it tells; `auto` reads every one of them alike."""

UNSURE: Final[dict[str, dict[str, Attributes]]] = {
    "imagexpress": {"p_a1_s1_w1.tif": told("A01", plate="p", field=1, channel=1), "A01.tif": told("A01")},
    "harmony": {"Meas_01/002003000.flex": told("B03", measurement=1)},
    "zeiss": {"slide_s1c2.tif": told(plate="slide", field=1, channel=2)},
    "metamorph": {"exp_s3_t5.TIF": told(plate="exp", field=3, time=5), "exp_w2.TIF": told(plate="exp", channel=2)},
    "plain": {
        "report A4.pdf": told("A04", plate="report"),
        "b7": told("B07"),
        "m_M2_t3.tif": told("M02", plate="m", time=3),
    },
}
"""Names that only a folder which names the preset reads so."""

NO_PLATE: Final = (
    "image_2024_11.tif",
    "B12 vitamins.tif",
    "vitamins B12.tif",
    "report_A4.pdf",
    "galaxy1.tif",
    "mouse_M2_t3.tif",
    "T-cells.tif",
    "H2O.tif",
    "Snap-2237.czi",
    "MetamorphImage.tif",
    "IMG_0001.jpg",
    "A00_s1.tif",
    "A49.tif",
    "AG01.tif",
    "2024-01-02/notes.txt",
    "EssenFiles/ScanData/2413/32/2561/1/A1-1-C1.tif",
    "r33c01f01p01-ch1sk1fk1fl1.tiff",
    "c1_t1.tif",
    "image_t1_s2.tif",
    "T01_C02.tif",
    "exp_T1_C2_Z3.tif",
    "exp_T01_C02_Z03.tif",
    "sample 2_S1_C2_Z3.tif",
    "experiment_s3_t5.TIF",
    "Channel_0.tif",
    ".tif",
    "A01/notes.md",
    "Experiment-D2_summary.tif",
)
"""Names that `auto` must find nothing in."""

LEFT_OUT: Final[dict[str, tuple[str, ...]]] = {
    "auto": (
        f"p_E07_s1_w1_thumb{GUID}.tif",
        "p_E07_s1_thumb.TIF",
        "x/p_E07_w1_thumb.tif",
        "m/DC_DCAM#1_CAM3.tif",
        "m/SC_BP445-45_20x v2_M01_CH01.tif",
    ),
    "imagexpress": (f"p_E07_s1_w1_thumb{GUID}.tif", "9987/TimePoint_1/9987.HTD", "9987.htd"),
    "plain": (f"p_E07_s1_w1_thumb{GUID}.tif",),
    "harmony": ("Images/Index.idx.xml", "Assaylayout/Unnamed.xml"),
    "yokogawa": (
        "m/MeasurementData.mlf",
        "a.mes",
        "a.mrf",
        "a.wpi",
        "a.wpp",
        "geometry_parameter.xml",
        "DC_sony_CAM1.tif",
    ),
    "metamorph": ("exp.nd", "exp_thumb_w1DAPI_s1.TIF"),
}
"""By the choice of a folder: files that it doesn't capture."""

KEPT: Final = (
    "SC_001.tif",
    "DC_motor.tif",
    "thumb.tif",
    "my_thumb_nail.tif",
    "p.HTD",
    "Index.idx.xml",
    "exp.nd",
    "A01.tif",
)
"""Files that `auto` captures whatever they are."""
