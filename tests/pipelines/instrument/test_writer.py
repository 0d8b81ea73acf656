"""Files appear as an instrument writes them: complete, in order, and with a truth kept apart."""

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pipelines.instrument import FieldOptions, Plate, WriterOptions, WrittenImage, read_truth, write_plate
from pipelines.instrument.errors import TruthInSight
from pipelines.instrument.truth import read_rows

TINY = FieldOptions(height=128, width=160)
FAST = WriterOptions(images=6, rate=0, slow_every=0, field=TINY)
PLATE = Plate.of_wells("P1", 96)


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    return tmp_path / "watched"


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return tmp_path / "truth"


def test_digests_and_sizes_are_those_of_the_files(watched: Path) -> None:
    written = write_plate(watched, None, PLATE, FAST)

    assert len(written) == 6
    for image in written:
        content = image.path.read_bytes()
        assert (image.sha256, image.size) == (hashlib.sha256(content).hexdigest(), len(content))


def test_files_are_named_by_plate_and_well(watched: Path) -> None:
    written = write_plate(watched, None, Plate("P1", 1, 2), WriterOptions(rate=0, field=TINY))

    assert [image.path for image in written] == [watched / "P1/P1_A01_s1_w1.tif", watched / "P1/P1_A02_s1_w1.tif"]
    assert [(image.well, image.site) for image in written] == [("A01", 1), ("A02", 1)]


def test_a_file_is_complete_when_it_is_announced(watched: Path) -> None:
    shapes: list[tuple[int, ...]] = []

    def read(image: WrittenImage) -> None:
        assert image.path.stat().st_size == image.size
        shapes.append(tifffile.imread(image.path).shape)

    write_plate(watched, None, PLATE, FAST, read)

    assert shapes == [(128, 160)] * 6


def test_the_tiff_tells_the_pixel_size(watched: Path) -> None:
    image = write_plate(watched, None, PLATE, WriterOptions(images=1, rate=0, field=TINY))[0]

    with tifffile.TiffFile(image.path) as tiff:
        tags = tiff.pages.first.tags
        pixels, unit = tags["XResolution"].value
        assert tags["ResolutionUnit"].value == 3
        assert 1e4 * unit / pixels == pytest.approx(0.65)
        assert tags["Compression"].value == 1


def test_a_file_grows_chunk_by_chunk(watched: Path) -> None:
    sizes: set[int] = set()
    done = threading.Event()
    file = watched / "P1" / "P1_A01_s1_w1.tif"

    def watch() -> None:
        while not done.is_set():
            if file.exists():
                sizes.add(file.stat().st_size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    options = WriterOptions(images=1, rate=0, slow_every=1, slow_seconds=0.4, chunk_bytes=10_000, field=TINY)
    image = write_plate(watched, None, PLATE, options)[0]
    done.set()
    watcher.join()

    assert len([size for size in sizes if 0 < size < image.size]) >= 2


def test_every_seventh_file_is_slow_as_far_as_the_rate_allows() -> None:
    options = WriterOptions(rate=2)
    seconds = [options.writing_seconds(number) for number in range(14)]

    assert [number for number, took in enumerate(seconds) if took == 1.0] == [6, 13]
    assert WriterOptions(rate=70).writing_seconds(6) == pytest.approx(0.05)


def test_stopping_leaves_no_torn_file(watched: Path) -> None:
    stop = threading.Event()
    options = WriterOptions(images=50, rate=0, slow_every=1, slow_seconds=30, chunk_bytes=5_000, field=TINY)
    threading.Timer(0.3, stop.set).start()

    written = write_plate(watched, None, PLATE, options, stop=stop)

    assert 1 <= len(written) < 50
    assert {file for file in watched.rglob("*") if file.is_file()} == {image.path for image in written}
    assert all(tifffile.imread(image.path).shape == (128, 160) for image in written)


def test_the_truth_names_every_file_with_its_count_and_digest(watched: Path, truth: Path) -> None:
    written = write_plate(watched, truth, PLATE, FAST)

    assert read_truth(truth) == {image.path.relative_to(watched).as_posix(): image.true_count for image in written}
    assert [row.sha256 for row in read_rows(truth)] == [image.sha256 for image in written]
    assert [image.well for image in written if image.true_count == 0] == ["H12"]


def test_label_masks_hold_as_many_nuclei_as_the_truth_says(watched: Path, truth: Path) -> None:
    for image in write_plate(watched, truth, PLATE, FAST):
        mask = tifffile.imread(truth / "P1" / f"{image.path.stem}_truth.tif")
        assert mask.shape == (128, 160)
        assert len(np.unique(mask)) - 1 == image.true_count


def test_nothing_but_images_lies_in_the_watched_folder(watched: Path, truth: Path) -> None:
    written = write_plate(watched, truth, PLATE, FAST)

    assert {file for file in watched.rglob("*") if file.is_file()} == {image.path for image in written}


@pytest.mark.parametrize("place", ["watched/truth", "watched", "."])
def test_a_truth_folder_in_sight_of_pipelines_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(TruthInSight):
        write_plate(tmp_path / "watched", tmp_path / place, PLATE, FAST)

    assert not (tmp_path / "watched").exists()


def test_two_plates_share_a_truth_folder(watched: Path, truth: Path) -> None:
    for name in ("P1", "P2"):
        write_plate(watched, truth, Plate(name, 1, 2), WriterOptions(rate=0, field=TINY))

    assert sorted(read_truth(truth)) == [
        f"{plate}/{plate}_A{well}_s1_w1.tif" for plate in ("P1", "P2") for well in ("01", "02")
    ]


def test_repeated_pictures_still_have_their_own_digests(watched: Path) -> None:
    written = write_plate(watched, None, PLATE, WriterOptions(images=10, rate=0, slow_every=0, distinct=2, field=TINY))

    assert len({image.sha256 for image in written}) == 10
    assert len({tifffile.imread(image.path).tobytes() for image in written}) == 3  # two pictures and the blank one


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    first, second = (write_plate(tmp_path / name, None, PLATE, FAST) for name in ("one", "two"))

    assert [image.sha256 for image in first] == [image.sha256 for image in second]
