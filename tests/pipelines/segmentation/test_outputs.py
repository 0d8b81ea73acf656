import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from labrelay.files import digest_file
from pipelines.images.reader import Image, read_image
from pipelines.segmentation.outputs import OutputFiles, write_labels, write_outputs, write_provenance
from pipelines.segmentation.segment import Segmentation, Segmenter

Discs = Callable[..., tuple[NDArray[np.uint16], int]]


@pytest.fixture(scope="module")
def image(discs: Discs) -> Image:
    return Image(discs((300, 400), 24)[0], 0.65, "Plätte 1_A02.v2.tif")


@pytest.fixture(scope="module")
def segmentation(segmenter: Segmenter, image: Image) -> Segmentation:
    return segmenter.segment(image)


@pytest.fixture
def files(tmp_path: Path, image: Image, segmentation: Segmentation) -> OutputFiles:
    return write_outputs(tmp_path, image, segmentation, {"job": "7", "model": "discs 1.0.0"})


def test_outputs_are_named_after_the_image_and_nothing_else_is_left(files: OutputFiles, tmp_path: Path) -> None:
    stem = "Plätte 1_A02.v2"
    expected = {f"{stem}_labels.tif", f"{stem}_overlay.png", f"{stem}_objects.csv", f"{stem}_provenance.json"}
    assert {path.name for path in tmp_path.iterdir()} == expected
    assert files.labels == tmp_path / f"{stem}_labels.tif"


def test_labels_read_back_equal_with_the_pixel_size(files: OutputFiles, segmentation: Segmentation) -> None:
    mask = tifffile.imread(files.labels)
    np.testing.assert_array_equal(mask, segmentation.labels)
    assert mask.dtype == np.uint16
    assert read_image(files.labels).pixel_size_um == pytest.approx(0.65)
    with tifffile.TiffFile(files.labels) as tif:
        assert tif.is_ome
        assert "Plätte 1_A02.v2.tif" in tif.ome_metadata
        assert tif.pages[0].compression == tifffile.COMPRESSION.ADOBE_DEFLATE


def test_more_objects_than_16_bits_hold_take_32(tmp_path: Path) -> None:
    labels = np.arange(300 * 300, dtype=np.int32).reshape(300, 300)
    write_labels(tmp_path / "a.tif", labels, Image(np.zeros((300, 300), np.uint8), None, "a.tif"))
    mask = tifffile.imread(tmp_path / "a.tif")
    assert mask.dtype == np.uint32
    np.testing.assert_array_equal(mask, labels)


def test_the_table_holds_every_object(files: OutputFiles, segmentation: Segmentation) -> None:
    with files.objects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == segmentation.count > 20
    columns = segmentation.objects.columns
    assert list(rows[0]) == list(columns)
    for name in ("area_px", "area_um2", "x_um", "mean_intensity"):
        np.testing.assert_allclose([float(row[name]) for row in rows], columns[name], rtol=1e-6)


def test_an_image_without_objects_has_a_table_with_a_header(tmp_path: Path, segmenter: Segmenter) -> None:
    image = Image(np.full((40, 50), 200, np.uint16), None, "blank.png")
    files = write_outputs(tmp_path, image, segmenter.segment(image), {})
    assert files.objects.read_text(encoding="utf-8").startswith("label,y_px,x_px,area_px")
    assert len(files.objects.read_text(encoding="utf-8").splitlines()) == 1
    assert not tifffile.imread(files.labels).any()


def test_the_overlay_is_a_picture_of_the_same_size(files: OutputFiles) -> None:
    overlay = cv2.imdecode(np.fromfile(files.overlay, np.uint8), cv2.IMREAD_UNCHANGED)
    assert overlay is not None
    assert overlay.shape == (300, 400, 3)


def test_the_provenance_is_what_the_caller_said_and_lists_the_other_files_by_digest(files: OutputFiles) -> None:
    told = json.loads(files.provenance.read_text(encoding="utf-8"))
    listed = {entry["name"]: entry["sha256"] for entry in told.pop("outputs")}
    assert told == {"job": "7", "model": "discs 1.0.0"}
    assert listed == {path.name: digest_file(path)[0] for path in (files.labels, files.overlay, files.objects)}


def test_a_write_that_fails_leaves_the_former_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a_provenance.json"
    write_provenance(path, {"job": "1"})
    with pytest.raises(ValueError, match="JSON"):
        write_provenance(path, {"job": float("nan")})
    labels = tmp_path / "a_labels.tif"
    labels.mkdir()
    with pytest.raises(OSError, match="a_labels"):
        write_labels(labels, np.zeros((4, 4), np.int32), Image(np.zeros((4, 4), np.uint8), None, "a.tif"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_labels.tif", "a_provenance.json"]
    assert json.loads(path.read_text(encoding="utf-8")) == {"job": "1"}
