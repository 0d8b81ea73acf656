"""The counting pipelines' function on a field of discs, with a real if tiny OpenVINO model."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from labrelay.settings import Settings
from pipelines.counting.kind import Kind
from pipelines.counting.work import Counting
from pipelines.images.errors import ImageUnreadable, PlaneNotFound
from pipelines.sdk import Capture
from pipelines.sdk.outcome import checked
from pipelines.segmentation.errors import ParameterInvalid
from tests.pipelines.counting.conftest import Field
from tests.pipelines.segmentation.packages.own_models import bright, ir_package, network, ops, picture


@pytest.fixture
def output_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


def test_count_mask_and_table_agree(counting: Counting, discs: Field, output_dir: Path) -> None:
    outcome = checked(counting.outcome(Capture.of(discs.path), {"diameter_px": "24"}, output_dir), output_dir)
    assert outcome.results == f"CellCount, {discs.count}"
    names = [path.name for path in outcome.outputs]
    assert names == ["B02-s1_labels.tif", "B02-s1_overlay.png", "B02-s1_objects.csv", "B02-s1_provenance.json"]
    assert tifffile.imread(output_dir / names[0]).max() == discs.count
    with (output_dir / names[2]).open() as table:
        assert len(list(csv.DictReader(table))) == discs.count
    assert outcome.measurements["count"] == discs.count
    assert 0 < outcome.measurements["confluence"] < 1
    assert {"mean_area_px", "mean_intensity"} <= set(outcome.measurements)


def test_the_parameters_choose_the_files(counting: Counting, discs: Field, output_dir: Path) -> None:
    parameters = {"diameter_px": "24", "overlay": "no", "geojson": "yes"}
    outcome = checked(counting.outcome(Capture.of(discs.path), parameters, output_dir), output_dir)
    names = [path.name for path in outcome.outputs]
    assert names == ["B02-s1_labels.tif", "B02-s1_objects.csv", "B02-s1_objects.geojson", "B02-s1_provenance.json"]
    assert len(json.loads((output_dir / names[2]).read_text())["features"]) == discs.count


def test_provenance_says_what_ran_on_what(counting: Counting, discs: Field, output_dir: Path, model: Path) -> None:
    capture = Capture(discs.path, "ab" * 32, "reader-1", "p1/B02-s1.tif", {"well": "B2"}, "job-7", 2, 3, "task-1", 4)
    counting.outcome(capture, {"diameter_px": "24"}, output_dir)
    told = json.loads((output_dir / "B02-s1_provenance.json").read_text())
    assert told["input"]["sha256"] == "ab" * 32
    assert told["input"]["path"] == "p1/B02-s1.tif"
    assert told["job"] == {"id": "job-7", "epoch": 3, "attempt": 2}
    assert told["task"] == {"id": "task-1", "version": 4}
    assert told["parameters"] == {"diameter_px": "24"}
    assert told["model"]["sha256"] == hashlib.sha256((model / "model.toml").read_bytes()).hexdigest()


def test_pixel_size_parameter_gives_areas_in_micrometres(counting: Counting, discs: Field, output_dir: Path) -> None:
    outcome = counting.outcome(Capture.of(discs.path), {"diameter_px": "24", "pixel_size_um": "0.5"}, output_dir)
    measured = outcome.measurements
    assert measured["mean_area_um2"] == pytest.approx(measured["mean_area_px"] / 4)


def test_the_plane_that_was_taken_is_on_record(
    counting: Counting, discs: Field, output_dir: Path, tmp_path: Path
) -> None:
    field = tifffile.imread(discs.path)
    stack = np.stack([np.stack([field // 9, field // 8]), np.stack([field // 9, field])])  # Z C Y X
    names = {"axes": "ZCYX", "Channel": {"Name": ["FITC", "DAPI"]}}
    tifffile.imwrite(tmp_path / "stack.tif", stack, ome=True, metadata=names)
    outcome = counting.outcome(Capture.of(tmp_path / "stack.tif"), {"diameter_px": "24", "channel": "dapi"}, output_dir)
    assert outcome.results == f"CellCount, {discs.count}"
    assert outcome.measurements["channel"] == 1.0
    assert not {"z", "time"} & set(outcome.measurements)  # all z, and there is only one time
    told = json.loads((output_dir / "stack_provenance.json").read_text())["plane"]
    assert told == {
        "channel": 1,
        "channel_name": "DAPI",
        "channel_count": 2,
        "z": None,
        "z_count": 2,
        "time": 0,
        "time_count": 1,
        "projection": "max",
    }


def test_an_image_that_is_none_and_a_parameter_that_is_none_are_told_apart(
    counting: Counting, image: Path, discs: Field, output_dir: Path
) -> None:
    with pytest.raises(ImageUnreadable):
        counting.outcome(Capture.of(image), {}, output_dir)
    with pytest.raises(ParameterInvalid, match="diametre"):
        counting.outcome(Capture.of(discs.path), {"diametre": "24"}, output_dir)


@pytest.fixture(scope="session")
def two_channels(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    """An own model that finds what is bright in GFP where DAPI is dark."""
    image = picture(channels=2)
    dapi, gfp = (ops.gather(image, np.array([place]), np.int64(1)) for place in range(2))
    told = {"channels": "2", "input": 'channel_names = ["DAPI", "GFP"]', "output": 'activation = "sigmoid"'}
    model = ir_package(tmp_path_factory.mktemp("two"), network(image, bright(ops.subtract(gfp, dapi))), told)
    return Counting.loaded(Kind("two", "Two", "Counts", model), Settings(data=tmp_path_factory.mktemp("data2")))


@pytest.fixture
def both(discs: Field, tmp_path: Path) -> Field:
    """GFP first in the file, and nothing in DAPI."""
    gfp = tifffile.imread(discs.path)
    path = tmp_path / "both.tif"
    dark = np.full_like(gfp, 200)
    names = {"axes": "CYX", "Channel": {"Name": ["GFP", "DAPI"]}}
    tifffile.imwrite(path, np.stack([gfp, dark]), ome=True, metadata=names)
    return Field(path, discs.count)


def test_a_model_of_several_channels_gets_them_by_their_names(
    two_channels: Counting, both: Field, output_dir: Path
) -> None:
    outcome = two_channels.outcome(Capture.of(both.path), {"diameter_px": "24"}, output_dir)
    assert outcome.results == f"CellCount, {both.count}"
    swapped = two_channels.outcome(Capture.of(both.path), {"diameter_px": "24", "channels": "gfp, 1"}, output_dir)
    assert swapped.results == "CellCount, 0"


@pytest.mark.parametrize("parameters", [{"channels": "DAPI"}, {"channel": "DAPI"}, {"channels": "0,1,2"}])
def test_other_channels_than_the_model_looks_at_are_refused(
    two_channels: Counting, both: Field, output_dir: Path, parameters: dict[str, str]
) -> None:
    with pytest.raises(ParameterInvalid, match="2 channels"):
        two_channels.outcome(Capture.of(both.path), parameters, output_dir)


def test_a_file_without_the_models_channels_says_what_it_has(
    two_channels: Counting, discs: Field, output_dir: Path
) -> None:
    with pytest.raises(PlaneNotFound, match="DAPI"):
        two_channels.outcome(Capture.of(discs.path), {}, output_dir)
