"""The label mask as OME-TIFF that ImageJ, QuPath, CellProfiler and Python read alike.

Strips, because ImageJ itself opens no tiles; Deflate without predictor, because ImageJ ignores the predictor with it.
"""

import hashlib
import io
import re
import uuid
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipelines.images.reader import Image

_UINT16_OBJECTS = 65_535
_STRIP_BYTES = 1 << 19
_UM_PER_CM = 1e4
# What XML 1.0 can't hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_ome_tiff(labels: NDArray[np.int32], image: Image) -> bytes:
    """Write labels (H, W), 16 bit while they fit and 32 bit else, with the pixel size and the image's name.

    The same labels of the same image give the same bytes.
    """
    mask = labels.astype(np.uint16 if labels.max(initial=0) <= _UINT16_OBJECTS else np.uint32)
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        mask,
        ome=True,
        compression="zlib",
        compressionargs={"level": 1},
        rowsperstrip=max(1, min(mask.shape[0], _STRIP_BYTES // mask[0].nbytes)),
        metadata=_metadata(mask, image),
        **_resolution(image.pixel_size_um),
    )
    return file.getvalue()


def _metadata(mask: NDArray[Any], image: Image) -> dict[str, Any]:
    name = _NOT_XML.sub("_", image.source)
    told: dict[str, Any] = {"axes": "YX", "Name": name, "Channel": {"Name": ["labels"]}, "Creator": "labrelay"}
    told["UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {hashlib.sha256(mask.data).hexdigest()}"))
    if image.pixel_size_um is not None:
        told |= {f"PhysicalSize{axis}": image.pixel_size_um for axis in "XY"}
        told |= {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    return told


def _resolution(pixel_size_um: float | None) -> dict[str, Any]:
    """The pixel size once more as ImageJ itself reads it, in pixels a centimetre."""
    if pixel_size_um is None:
        return {}
    return {"resolution": (_UM_PER_CM / pixel_size_um,) * 2, "resolutionunit": "CENTIMETER"}
