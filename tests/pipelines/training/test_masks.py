"""Label masks are read without loss, and what is none is refused by name."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.training.errors import TrainingDataInvalid
from pipelines.training.masks import read_labels

LABELS = np.array([[0, 0, 1], [7, 7, 200]])


def written(path: Path, mask: NDArray[Any]) -> Path:
    if path.suffix == ".png":
        cv2.imwrite(str(path), mask)
    else:
        tifffile.imwrite(path, mask, photometric="rgb" if mask.shape[2:] == (3,) else "minisblack")
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_png_of_8_and_16_bits(tmp_path: Path, kind: type) -> None:
    np.testing.assert_array_equal(read_labels(written(tmp_path / "ä.png", LABELS.astype(kind))), LABELS)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.float32])
def test_tiff_of_8_to_32_bits(tmp_path: Path, kind: type) -> None:
    np.testing.assert_array_equal(read_labels(written(tmp_path / "a.tif", LABELS.astype(kind))), LABELS)


def test_numbers_that_float32_cannot_hold_stay_apart(tmp_path: Path) -> None:
    large = np.array([[2**24, 2**24 + 1, 2**32 - 1]], np.uint32)
    np.testing.assert_array_equal(read_labels(written(tmp_path / "a.tif", large)), large)


def test_grey_saved_as_colour_is_taken(tmp_path: Path) -> None:
    grey = np.dstack([LABELS.astype(np.uint8)] * 3)
    np.testing.assert_array_equal(read_labels(written(tmp_path / "a.png", grey)), LABELS)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.dstack([LABELS, LABELS, LABELS + 1]).astype(np.uint8), "picture in colours"),
        (LABELS.astype(np.float32) + 0.5, "no whole numbers"),
        (np.full((2, 2), np.nan, np.float32), "no whole numbers"),
        (-LABELS.astype(np.int16), "below 0"),
        (np.zeros((4, 5, 6), np.uint16), "rows and columns"),
        (np.zeros((2, 2), np.complex64), "complex"),
    ],
)
def test_what_is_no_label_mask_is_refused_by_name(tmp_path: Path, mask: NDArray[Any], reason: str) -> None:
    with pytest.raises(TrainingDataInvalid, match=rf"a\.tif.*{reason}"):
        read_labels(written(tmp_path / "a.tif", mask))


@pytest.mark.parametrize("name", ["broken.png", "broken.tif", "absent.png", "absent.tif"])
def test_broken_and_absent_files_are_refused_by_name(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"II*\0 not an image")
    with pytest.raises(TrainingDataInvalid, match="no readable label mask"):
        read_labels(tmp_path / name)
