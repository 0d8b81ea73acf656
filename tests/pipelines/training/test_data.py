"""Reading labelled images of any user."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from pipelines.images.errors import ImageUnreadable
from pipelines.images.reader import read_image
from pipelines.segmentation.scale import equivalent_diameters
from pipelines.training.data import contiguous, labelled_files, read_folder
from pipelines.training.errors import TrainingDataInvalid
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


def test_images_are_read_as_pipelines_read_them(tmp_path: Path) -> None:
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    colour = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    tifffile.imwrite(tmp_path / "images" / "c.tif", colour, photometric="rgb")
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "images" / "d.ome.tif", colour[..., 0], metadata=metadata, ome=True)
    for stem in ("c_labels", "d.ome_masks"):
        tifffile.imwrite(tmp_path / "labels" / f"{stem}.tif", np.ones((40, 50), np.uint32))
    for one in read_folder(tmp_path):
        seen = read_image(tmp_path / "images" / f"{one.stem}.tif")
        np.testing.assert_array_equal(one.image.pixels, seen.pixels)
        assert one.image.pixel_size_um == seen.pixel_size_um
    assert read_folder(tmp_path)[1].pixel_size_um == 0.5


def test_sources_come_from_the_manifest_above_or_are_the_folder_itself(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "val", [image("a", 1), image("b", 2)])
    assert {file.source for file in labelled_files(folder)} == {"val"}
    rows = ["folder,file,source", "nuclei/train,a.png,other", "nuclei/val,a.png,BBBC039"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    assert [file.source for file in labelled_files(folder)] == ["BBBC039", "val"]
    (tmp_path / "manifest.csv").write_text("name,size\nx,1", encoding="utf-8")
    assert {file.source for file in labelled_files(folder)} == {"val"}


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train", [image("a", 1)])
    tifffile.imwrite(folder / "images" / "a.tif", image("a", 1).pixels)
    with pytest.raises(TrainingDataInvalid, match="more than one image called a"):
        read_folder(folder)


def test_missing_labels_are_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train", [image("a", 1), image("b", 2)])
    (folder / "labels" / "b.png").unlink()
    with pytest.raises(TrainingDataInvalid, match=r"b\.png is missing\.$"):
        read_folder(folder)
    (folder / "labels" / "a.png").unlink()
    with pytest.raises(TrainingDataInvalid, match=r"a\.png is missing\. The same is true of 1 more"):
        read_folder(folder)


def test_sizes_that_differ_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train", [image("a", 1)])
    cv2.imwrite(str(folder / "labels" / "a.png"), np.zeros((5, 5), np.uint16))
    with pytest.raises(TrainingDataInvalid, match="its labels are"):
        read_folder(folder)


def test_an_empty_folder_and_a_broken_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataInvalid, match="no image"):
        read_folder(tmp_path)
    folder = write_folder(tmp_path / "train", [image("a", 1)])
    (folder / "images" / "a.png").write_bytes(b"not an image")
    with pytest.raises(ImageUnreadable, match=r"a\.png"):
        read_folder(folder)


def test_numbers_are_closed_up_and_background_stays() -> None:
    np.testing.assert_array_equal(contiguous(np.array([[9, 0, 3], [9, 3, 200]], np.uint16)), [[2, 0, 1], [2, 1, 3]])
    assert not contiguous(np.zeros((2, 2), np.uint8)).any()


def test_diameters_are_those_of_circles_of_equal_area() -> None:
    assert equivalent_diameters(labelled_discs((60, 60, 20)))[0] == pytest.approx(40.0, rel=0.03)
    assert equivalent_diameters(np.zeros((5, 5), np.int32)).size == 0
