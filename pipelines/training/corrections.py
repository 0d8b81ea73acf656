"""Masks that people corrected: without the objects that they took out of the count."""

import io
from collections.abc import Collection
from pathlib import Path

import numpy as np
import tifffile

from pipelines.training.masks import read_labels


def without(mask: Path, excluded: Collection[int]) -> bytes:
    """A label mask (H, W) as a TIFF file of the same dtype, in which excluded objects are background.

    Raises:
        TrainingDataInvalid: The file is no label mask.
    """
    labels = read_labels(mask)
    labels = np.where(np.isin(labels, list(excluded)), 0, labels).astype(labels.dtype)
    written = io.BytesIO()
    tifffile.imwrite(written, labels, compression="zlib", metadata={"axes": "YX"})
    return written.getvalue()
