"""The pixel size, from whichever software wrote it."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.images.reader import read_image
from pipelines.images.units import micrometres
from tests.pipelines.images.made import page_tags, raw_tiff

Grey = NDArray[np.uint16]


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}}, 0.65),
        ({"ome": True, "metadata": {**{f"PhysicalSize{axis}": 650 for axis in "XY"},
                                    **{f"PhysicalSize{axis}Unit": "nm" for axis in "XY"}}}, 0.65),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "um"}}, 0.5),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "micron", "spacing": 3}}, 0.5),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "inch"}}, None),
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.0, "PhysicalSizeY": 0.0}}, None),
        ({"resolution": (72, 72), "resolutionunit": "inch"}, None),
    ],
)  # fmt: skip
def test_the_pixel_size_is_known_where_the_software_states_it(
    tmp_path: Path, grey: Grey, options: dict[str, Any], size: float | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", grey, **options)
    found = read_image(tmp_path / "a.tif").pixel_size_um
    assert found == (None if size is None else pytest.approx(size, rel=1e-4))


def test_nis_elements_keeps_it_in_a_tag_of_its_own(tmp_path: Path) -> None:
    pixels = np.ones((10, 12), "<u2").tobytes()
    calibrated = page_tags(10, 12, len(pixels), t65326=(12, [0.871]), t65327=(12, [1.0]))
    (tmp_path / "nis.tif").write_bytes(raw_tiff(calibrated, pixels))
    (tmp_path / "other.tif").write_bytes(raw_tiff(page_tags(10, 12, len(pixels), t65326=(12, [0.871])), pixels))
    assert read_image(tmp_path / "nis.tif").pixel_size_um == pytest.approx(0.871)
    assert read_image(tmp_path / "other.tif").pixel_size_um is None  # some other software's tag of that number


def test_metaseries_tells_the_size_and_the_channel(tmp_path: Path) -> None:
    properties = {
        "spatial-calibration-state": ("bool", "on"),
        "spatial-calibration-x": ("float", "1.3668"),
        "spatial-calibration-y": ("float", "1.3668"),
        "spatial-calibration-units": ("string", "um"),
        "_IllumSetting_": ("string", "DAPI"),
    }
    entries = "".join(f'<prop id="{name}" type="{kind}" value="{v}"/>' for name, (kind, v) in properties.items())
    description = f"<MetaData><PlaneInfo>{entries}</PlaneInfo></MetaData>"
    made = {"description": description, "software": "MetaSeries", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 9), np.uint16), **made)
    image = read_image(tmp_path / "a.tif")
    assert image.pixel_size_um == pytest.approx(1.3668)
    assert image.plane.channel_name == "DAPI"


@pytest.mark.parametrize(
    ("unit", "size"),
    [("µm", 0.5), ("μm", 0.5), ("\\u00B5m", 0.5), (" Microns ", 0.5), ("nm", None), ("mm", 500.0), ("m", None),
     ("pixel", None), ("", None), (None, None)],
)  # fmt: skip
def test_units_of_length_become_micrometres_and_others_nothing(unit: str | None, size: float | None) -> None:
    assert micrometres("0.5", 0.5, unit) == (None if size is None else pytest.approx(size))


def test_pixels_that_are_no_squares_keep_their_area() -> None:
    assert micrometres(0.4, 0.9, "µm") == pytest.approx(0.6)
    assert micrometres(0.4, 900, "µm", "nm") == pytest.approx(0.6)
    assert micrometres(-0.4, 0.9, "µm") is None
    assert micrometres("wide", 0.9, "µm") is None
    assert micrometres(float("nan"), 0.9, "µm") is None


def test_a_pixel_size_of_a_broken_fraction_is_none(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 9), np.uint16), imagej=True, metadata={"unit": "um"})
    content = bytearray((tmp_path / "a.tif").read_bytes())
    for entry in range(struct.unpack_from("<H", content, 8)[0]):
        if struct.unpack_from("<H", content, 10 + 12 * entry)[0] == 282:
            struct.pack_into("<II", content, struct.unpack_from("<I", content, 18 + 12 * entry)[0], 0, 0)
    (tmp_path / "a.tif").write_bytes(content)
    assert read_image(tmp_path / "a.tif").pixel_size_um is None
