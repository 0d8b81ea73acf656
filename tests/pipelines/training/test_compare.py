"""Comparing delivered masks with labels, and the command line."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from pipelines.training.__main__ import app
from pipelines.training.compare import compare
from pipelines.training.errors import TrainingDataInvalid
from pipelines.training.matching import Matches
from pipelines.training.scores import summary
from tests.pipelines.training.specimen import labelled_discs

TRUTH = labelled_discs((30, 30, 10), (80, 80, 15), (30, 90, 12)).astype(np.uint16)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Results and labels of two images in sub-folders; one object of the second was missed."""
    results, labels = tmp_path / "results", tmp_path / "labels"
    for place, found in (("plate1/A01", TRUTH), ("plate1/well B/B02", np.where(TRUTH == 2, 0, TRUTH))):
        for root in (results, labels):
            (root / place).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(results / f"{place}_labels.tif", found)
        cv2.imwrite(str(labels / f"{place}.png"), TRUTH)
    return results, labels


def test_results_are_found_in_sub_folders_and_scored(folders: tuple[Path, Path]) -> None:
    comparison = compare(*folders)
    assert [s.name for s in comparison.scores] == ["plate1/A01", "plate1/well B/B02"]
    assert [s.matches[0] for s in comparison.scores] == [Matches(3, 0, 0), Matches(2, 0, 1)]
    pool = summary(comparison.scores)
    assert pool.average_precision == pytest.approx((5 / 6,) * 9)
    assert (pool.count_error, pool.count_bias) == pytest.approx((1 / 6, -1 / 6))


def test_an_image_without_result_counts_as_missed_and_is_named(folders: tuple[Path, Path]) -> None:
    results, labels = folders
    (results / "plate1" / "A01_labels.tif").rename(results / "other_labels.tif")
    comparison = compare(results, labels)
    assert comparison.scores[0].matches[0] == Matches(0, 0, 3)
    assert comparison.missing == ["plate1/A01"]
    assert comparison.unlabelled == ["other"]


def test_count_errors_of_images_do_not_cancel_but_biases_do(folders: tuple[Path, Path]) -> None:
    results, labels = folders
    one_more = TRUTH.copy()
    one_more[0, 0] = 4
    tifffile.imwrite(results / "plate1" / "A01_labels.tif", one_more)
    pool = summary(compare(results, labels).scores)
    assert pool.count_error == pytest.approx(2 / 6)
    assert pool.count_bias == 0.0


def test_a_mask_of_another_size_and_absent_labels_are_refused(folders: tuple[Path, Path]) -> None:
    results, labels = folders
    tifffile.imwrite(results / "plate1" / "A01_labels.tif", TRUTH[:50])
    with pytest.raises(TrainingDataInvalid, match="its labels"):
        compare(results, labels)
    with pytest.raises(TrainingDataInvalid, match="no labels"):
        compare(results, results)


def test_the_command_line_prints_the_table_and_writes_json(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    command = ["compare", "--results", str(folders[0]), "--labels", str(folders[1]), "--json", str(file)]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0
    assert "0.833" in run.output
    assert json.loads(file.read_text(encoding="utf-8"))["summary"]["objects"] == 6


def test_the_command_line_fails_when_results_are_missing(folders: tuple[Path, Path]) -> None:
    (folders[0] / "plate1" / "A01_labels.tif").unlink()
    run = CliRunner().invoke(app, ["compare", "--results", str(folders[0]), "--labels", str(folders[1])])
    assert run.exit_code == 1
    assert "without a result: plate1/A01" in run.output


def test_evaluation_and_comparison_need_no_torch_and_send_no_telemetry() -> None:
    code = (
        "import sys, pipelines.training.__main__, pipelines.training.evaluate;"
        "assert 'torch' not in sys.modules;"
        "assert sys.modules['openvino_telemetry'] is None"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)
