"""Reads label masks without loss: every pixel's number as the file has it."""

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from pipelines.training.errors import TrainingDataInvalid

_TIFF = {".tif", ".tiff"}


def read_labels(path: Path) -> NDArray[Any]:
    """Read a label mask (H, W) of integers from a PNG or TIFF file of 1 to 32 bits; 0 is the background.

    Grey saved as colour and whole numbers saved as float32 (ImageJ's 32 bit) are taken as well.

    Raises:
        TrainingDataInvalid: The file can't be read, is a stack or a picture in colours, or holds other values.
    """
    plane = _one_plane(_decoded(path), path)
    if plane.dtype.kind == "f":
        if not np.isfinite(plane).all() or (plane != np.rint(plane)).any():
            raise TrainingDataInvalid(f"{path} is no label mask: it holds values that are no whole numbers.")
        plane = plane.astype(np.int64)
    if plane.dtype.kind not in "bui":
        raise TrainingDataInvalid(f"{path} is no label mask: it holds values of type {plane.dtype}.")
    if plane.size and plane.min() < 0:
        raise TrainingDataInvalid(f"{path} is no label mask: it holds numbers below 0.")
    return plane.astype(np.uint8) if plane.dtype.kind == "b" else plane


def _decoded(path: Path) -> NDArray[Any]:
    try:
        if path.suffix.lower() in _TIFF:
            plane = tifffile.imread(path)
        else:
            # imdecode rather than imread: OpenCV cannot open non-ASCII paths on Windows.
            plane = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, ValueError, RuntimeError, IndexError, struct.error, cv2.error) as error:
        raise TrainingDataInvalid(f"{path} is no readable label mask: {error}.") from error
    if plane is None or plane.size == 0:
        raise TrainingDataInvalid(f"{path} is no readable label mask.")
    return np.asarray(plane)


def _one_plane(plane: NDArray[Any], path: Path) -> NDArray[Any]:
    if plane.ndim != 2:
        plane = np.squeeze(plane)
    if plane.ndim == 2:
        return plane
    if plane.ndim == 3 and plane.shape[-1] in (3, 4) and (plane[..., :3] == plane[..., :1]).all():
        return np.asarray(plane[..., 0])
    if plane.ndim == 3 and plane.shape[-1] in (3, 4):
        raise TrainingDataInvalid(f"{path} is a picture in colours; a label mask has one number for each pixel.")
    raise TrainingDataInvalid(f"{path} has the shape {plane.shape}; a label mask has rows and columns alone.")
