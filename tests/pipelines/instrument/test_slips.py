"""What goes wrong on purpose: where, and how it shows on the disk."""

from pathlib import Path

import pytest
import tifffile

from pipelines.instrument import FieldOptions, Plate, WriterOptions, write_plate
from pipelines.instrument.errors import PlantingRefused
from pipelines.instrument.slips import Slip, plant
from pipelines.instrument.truth import read_rows

PLATE = Plate.of_wells("P1", 96)


@pytest.mark.parametrize("images", [8, 12, 96, None])
def test_four_different_wells_go_wrong_and_the_blank_one_never(images: int | None) -> None:
    slips = plant(PLATE, images)
    assert sorted(slips.values()) == [Slip.CHANNEL, Slip.CHANNEL, Slip.CONTROL, Slip.CUT]
    assert not any(PLATE.is_blank(shot.well) for shot in slips)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(PlantingRefused):
        plant(PLATE, 7)


def test_files_lie_there_as_the_truth_says(tmp_path: Path) -> None:
    field = FieldOptions(height=128, width=160)
    options = WriterOptions(images=8, rate=0, slow_every=0, field=field, slips=plant(PLATE, 8))
    written = write_plate(tmp_path / "watched", tmp_path / "truth", PLATE, options)
    rows = {row.slip: row for row in read_rows(tmp_path / "truth")}
    assert rows["channel"].file.endswith("_w2.tif")
    assert rows["control"].file.endswith("_w1_z1.tif")
    assert {row.file: row.sha256 for row in read_rows(tmp_path / "truth")} == {
        image.path.relative_to(tmp_path / "watched").as_posix(): image.sha256 for image in written
    }
    with pytest.raises((tifffile.TiffFileError, ValueError)):
        tifffile.imread(tmp_path / "watched" / rows["cut"].file)
