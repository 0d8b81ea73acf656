"""Finds a TIFF file's pixel size in µm where its software states it.

The plain TIFF resolution tags are not used: instruments fill them with screen (72 dpi) or camera values.
"""

import math
from typing import Any

import tifffile

_MICROMETRES = {
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
}
_SENSIBLE_UM = (0.001, 1000.0)


def pixel_size_um(tif: tifffile.TiffFile) -> float | None:
    """Give the edge of a pixel in µm from OME-XML, ImageJ, MetaMorph (UIC) or MetaSeries metadata, or None.

    Where x and y differ, their geometric mean, so that areas are right.
    """
    for reader in (_ome, _imagej, _metamorph, _metaseries):
        try:
            x, y, unit = reader(tif)
            size = math.sqrt(float(x) * float(y)) * _MICROMETRES[str(unit).strip().lower()]
        except (KeyError, TypeError, ValueError, IndexError, ArithmeticError):
            continue  # this metadata is absent or states no size
        if _SENSIBLE_UM[0] <= size <= _SENSIBLE_UM[1]:
            return size
    return None


def _ome(tif: tifffile.TiffFile) -> tuple[Any, Any, str]:
    image = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]
    pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    return pixels["PhysicalSizeX"], pixels["PhysicalSizeY"], pixels.get("PhysicalSizeXUnit", "µm")


def _imagej(tif: tifffile.TiffFile) -> tuple[Any, Any, str]:
    x, y = (tif.pages[0].tags.valueof(code) for code in ("XResolution", "YResolution"))
    return x[1] / x[0], y[1] / y[0], tif.imagej_metadata["unit"]


def _metamorph(tif: tifffile.TiffFile) -> tuple[Any, Any, str]:
    stack = tif.stk_metadata
    if not stack["SpatialCalibration"]:
        raise KeyError("SpatialCalibration")
    return stack["XCalibration"], stack["YCalibration"], stack["CalibrationUnits"]


def _metaseries(tif: tifffile.TiffFile) -> tuple[Any, Any, str]:
    plane = tif.metaseries_metadata["PlaneInfo"]
    if not plane["spatial-calibration-state"]:
        raise KeyError("spatial-calibration-state")
    return (
        plane["spatial-calibration-x"],
        plane["spatial-calibration-y"],
        plane["spatial-calibration-units"],
    )
