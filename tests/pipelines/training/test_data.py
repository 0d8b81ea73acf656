"""Reading labelled images of any user."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from pipelines.training.data import TrainingDataInvalid, contiguous, diameters, read_folder, read_plane
from tests.pipelines.training.specimen import image, labelled_discs, write_folder


def test_images_come_back_as_written_sorted_by_name(tmp_path: Path) -> None:
    written = [image("b", 1), image("a", 2)]
    found = read_folder(write_folder(tmp_path / "train", written))
    assert [one.stem for one in found] == ["a", "b"]
    np.testing.assert_array_equal(found[1].pixels, written[0].pixels)
    np.testing.assert_array_equal(found[1].labels, written[0].labels)
    assert found[0].objects == int(written[1].labels.max())


def test_tiff_images_and_labels_with_gaps_are_taken(tmp_path: Path) -> None:
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    labels = labelled_discs((30, 30, 10), (80, 80, 10)).astype(np.uint16)
    labels[labels == 2] = 4711
    tifffile.imwrite(tmp_path / "images" / "ä.tif", labels)
    tifffile.imwrite(tmp_path / "labels" / "ä.tif", labels)
    assert set(np.unique(read_folder(tmp_path)[0].labels)) == {0, 1, 2}


def test_colour_becomes_the_mean_of_its_channels(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "c.png"), np.full((4, 5, 3), (10, 20, 60), np.uint8))
    assert (read_plane(tmp_path / "c.png") == 30).all()


def test_missing_labels_are_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train", [image("a", 1), image("b", 2)])
    (folder / "labels" / "b.png").unlink()
    with pytest.raises(TrainingDataInvalid, match=r"b\.png is missing"):
        read_folder(folder)


def test_sizes_that_differ_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train", [image("a", 1)])
    cv2.imwrite(str(folder / "labels" / "a.png"), np.zeros((5, 5), np.uint16))
    with pytest.raises(TrainingDataInvalid, match="its labels are"):
        read_folder(folder)


def test_an_empty_folder_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataInvalid, match="no image"):
        read_folder(tmp_path)
    (tmp_path / "x.png").write_bytes(b"not an image")
    with pytest.raises(TrainingDataInvalid, match="no readable"):
        read_plane(tmp_path / "x.png")


def test_numbers_are_closed_up_and_background_stays() -> None:
    np.testing.assert_array_equal(contiguous(np.array([[9, 0, 3], [9, 3, 200]], np.uint16)), [[2, 0, 1], [2, 1, 3]])
    assert not contiguous(np.zeros((2, 2), np.uint8)).any()


def test_diameters_are_those_of_circles_of_equal_area() -> None:
    assert diameters(labelled_discs((60, 60, 20)))[0] == pytest.approx(40.0, rel=0.03)
    assert diameters(np.zeros((5, 5), np.int32)).size == 0
