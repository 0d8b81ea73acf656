"""An evaluation judges what the pipeline itself would deliver, by data set and with intervals."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.counting.kind import Kind
from pipelines.counting.work import Counting
from pipelines.sdk import Capture
from pipelines.segmentation.segment import Segmenter
from pipelines.training.__main__ import app
from pipelines.training.compare import compare
from pipelines.training.errors import ModelUnknown
from pipelines.training.evaluate import native_diameter, package_folder
from pipelines.training.report import Report
from tests.pipelines.segmentation.conftest import save_package, tiny_network
from tests.pipelines.training.specimen import image, labelled_discs, write_folder

ROOT = Path(__file__).parents[3]
LARGE = labelled_discs((110, 110, 70), (110, 290, 70), (290, 110, 70), (290, 290, 70), size=400)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_package(tmp_path_factory.mktemp("package"), tiny_network())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images of small discs and one of discs too large for the network, from two data sets."""
    folder = write_folder(tmp_path_factory.mktemp("data") / "val", [image(f"small{seed}", seed) for seed in range(3)])
    light = 120.0 + 800.0 * cv2.GaussianBlur((LARGE > 0).astype(np.float32), (0, 0), 1.0)
    noisy = light + np.random.default_rng(0).normal(0, 8, light.shape)
    cv2.imwrite(str(folder / "images" / "large.png"), noisy.astype(np.uint16))
    cv2.imwrite(str(folder / "labels" / "large.png"), LARGE.astype(np.uint16))
    rows = ["folder,file,source", "own/val,large.png,microscope B", "own/train,small0.png,elsewhere"]
    rows += [f"own/val,small{seed}.png,microscope A" for seed in range(3)]
    (folder.parent / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def evaluated(package: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What `evaluate` writes, and the folder it writes to."""
    out = tmp_path_factory.mktemp("out")
    command = ["evaluate", "--model", str(package), "--data", str(data), "--json", str(out / "scores.json")]
    run = CliRunner().invoke(app, [*command, "--csv", str(out / "scores.csv"), "--pictures", str(out / "worst")])
    assert run.exit_code == 0, run.output
    assert "microscope A" in run.output
    return json.loads((out / "scores.json").read_text(encoding="utf-8")), out


def test_masks_that_the_pipeline_delivers_have_the_same_scores(
    package: Path, data: Path, evaluated: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    counting = Counting(Kind("discs", "Discs", "Counts discs", package), Segmenter(package))
    for path in sorted((data / "images").iterdir()):
        counting.outcome(Capture.of(path), {}, tmp_path)
    delivered = Report("labels", compare(tmp_path, data / "labels").scores).as_json()
    told = evaluated[0]
    assert any(one["scale"]["factor"] != 1.0 for one in told["images"]), "no image needed another size"
    # A mask says nothing of flags and scale; in all else both reports are equal.
    same = {key: told[key] for key in ("summary", "by_source", "intervals", "ious")}
    same["images"] = [one | {"flags": [], "scale": None} for one in told["images"]]
    assert json.loads(json.dumps({key: delivered[key] for key in same})) == same


def test_the_report_names_model_data_thresholds_and_sources(
    package: Path, evaluated: tuple[dict[str, Any], Path]
) -> None:
    told = evaluated[0]
    assert told["model"]["name"] == "discs"
    assert set(told["model"]) == {"name", "version", "sha256", "precision"}
    assert told["data"] == "val"
    assert told["ious"] == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
    assert told["summary"]["average_precision"][0] > 0.9
    assert {name: part["images"] for name, part in told["by_source"].items()} == {"microscope A": 3, "microscope B": 1}
    assert told["intervals"]["by_source"]["microscope B"]["ap_050"] is None, "one image has no interval"
    low, high = told["intervals"]["count_error"]
    assert 0.0 <= low <= told["summary"]["count_error"] <= high
    assert str(package.parent) not in json.dumps(told), "a report carries no path of this machine"


def test_the_table_has_a_row_for_each_image_and_the_worst_are_drawn(evaluated: tuple[dict[str, Any], Path]) -> None:
    told, out = evaluated
    with (out / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], int(row["true"]), int(row["found"])) for row in rows] == [
        (one["name"], one["true_count"], one["predicted_count"]) for one in told["images"]
    ]
    assert len(list((out / "worst").glob("*.png"))) == 4


def test_a_size_can_be_forced(package: Path, data: Path, tmp_path: Path) -> None:
    def scales(*options: str) -> list[float]:
        file = tmp_path / "scores.json"
        command = ["evaluate", "--model", str(package), "--data", str(data.parent), "--json", str(file), *options]
        run = CliRunner().invoke(app, command)
        assert run.exit_code == 0, run.output
        return [one["scale"]["factor"] for one in json.loads(file.read_text(encoding="utf-8"))["images"]]

    assert scales("--native") == [1.0] * 4
    assert scales("--diameter-px", "140", "--limit", "2") == [pytest.approx(scales("--diameter-px", "140")[0])] * 2
    assert scales("--diameter-px", "140")[0] < 0.5
    assert native_diameter(Segmenter(package)) == 24.0
    both = ["evaluate", "--model", str(package), "--data", str(data), "--native", "--diameter-px", "20"]
    assert CliRunner().invoke(app, both).exit_code == 2


def test_models_are_found_by_name_and_unknown_ones_are_refused(package: Path) -> None:
    assert package_folder("nuclei") == ROOT / "pipelines" / "nuclei" / "model"
    assert package_folder(str(package)) == package
    with pytest.raises(ModelUnknown, match="nuclei"):
        package_folder("no such model")


def test_both_commands_are_one_and_tell_errors_in_plain_words() -> None:
    command = [sys.executable, "-m", "pipelines.training.evaluate", "--model", "nuclei", "--data", "no [such] folder"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert run.returncode == 1
    assert "no [such] folder" in run.stdout
    assert "Traceback" not in run.stderr
