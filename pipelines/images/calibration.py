"""Finds a TIFF file's pixel size in µm where its software states it.

The plain TIFF resolution tags are not used: instruments fill them with screen (72 dpi) or camera values.
"""

from typing import Any

import tifffile

from pipelines.images.units import micrometres

_NIS_CALIBRATION, _NIS_METADATA = 65326, (65327, 65328, 65329, 65330)


def pixel_size_um(tif: tifffile.TiffFile) -> float | None:
    """Give the edge of a pixel in µm from what the software of the instrument wrote, or None.

    Read are ImageJ, MetaMorph (UIC tags), MetaSeries (ImageXpress), NIS-Elements, Zeiss LSM, Olympus SIS and FluoView,
    Micro-Manager, and FEI; OME-XML is read by `ome`.
    """
    for reader in (_imagej, _metamorph, _metaseries, _nis_elements, _lsm, _sis, _fluoview, _micromanager, _fei):
        try:
            size = micrometres(*reader(tif))
        except (KeyError, TypeError, ValueError, IndexError, ArithmeticError, AttributeError):
            continue  # this metadata is absent or states no size
        if size is not None:
            return size
    return None


def _imagej(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    x, y = (tif.pages.first.tags.valueof(code) for code in ("XResolution", "YResolution"))
    return x[1] / x[0], y[1] / y[0], tif.imagej_metadata["unit"]


def _metamorph(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    stack = tif.stk_metadata
    if not stack["SpatialCalibration"]:
        raise KeyError("SpatialCalibration")
    return stack["XCalibration"], stack["YCalibration"], stack["CalibrationUnits"]


def _metaseries(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    plane = tif.metaseries_metadata["PlaneInfo"]
    if not plane["spatial-calibration-state"]:
        raise KeyError("spatial-calibration-state")
    return plane["spatial-calibration-x"], plane["spatial-calibration-y"], plane["spatial-calibration-units"]


def _nis_elements(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    tags = tif.pages.first.tags
    if not any(code in tags for code in _NIS_METADATA):
        raise KeyError(_NIS_METADATA)
    return tags[_NIS_CALIBRATION].value, tags[_NIS_CALIBRATION].value, "µm"


def _lsm(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    return tif.lsm_metadata["VoxelSizeX"], tif.lsm_metadata["VoxelSizeY"], "m"


def _sis(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    return tif.sis_metadata["pixelsizex"], tif.sis_metadata["pixelsizey"], "m"


def _fluoview(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    x, y = tif.fluoview_metadata["Dimensions"][:2]  # each: name, size, origin, resolution, unit
    return x[3], y[3], x[4]


def _micromanager(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    plane = tif.pages.first.tags["MicroManagerMetadata"].value
    return plane["PixelSizeUm"], plane["PixelSizeUm"], "µm"


def _fei(tif: tifffile.TiffFile) -> tuple[Any, Any, Any]:
    return tif.fei_metadata["Scan"]["PixelWidth"], tif.fei_metadata["Scan"]["PixelHeight"], "m"
