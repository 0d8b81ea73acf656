"""`make bench-inference` in its smallest form: every contender has its figures, and what is missing says so."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contenders import OTSU, otsu_labels
from benchmarks.inference import main
from tests.pipelines.segmentation.conftest import disc_field, save_package, tiny_network

torch = pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install labrelay[training]")


def test_all_contenders_are_timed_and_judged_and_the_whole_work_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package, figures = save_package(tmp_path / "package", tiny_network()), tmp_path / "figures.json"
    main(
        str(package), also=[], repeats=1, threads=2, limit=1, images=2, side=128, compiled=False, json_file=figures,
        data=None, checkpoint=None,
    )  # fmt: skip
    told = json.loads(figures.read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in told["contenders"]}
    assert {"OpenVINO FP32", "PyTorch FP32 (eager)", "PyTorch FP32 (channels_last)", OTSU} <= rows.keys()
    assert rows["PyTorch FP32 (eager)"]["ap_050"] is None  # random weights
    assert 0.0 <= rows["OpenVINO FP32"]["ap_050"] <= 1.0
    assert all(row["ms"]["128"] > 0 for row in rows.values())
    assert told["whole_work"]["images_per_s"] > 0
    assert told["whole_work"]["core_ms"]["outside_network"] > 0
    shown = capsys.readouterr().out
    assert "random weights" in shown
    assert "images/s" in shown


def test_the_plain_threshold_counts_discs_and_nothing_in_a_flat_image() -> None:
    pixels, count = disc_field((300, 400), 24)
    assert otsu_labels(pixels).max() == count
    assert otsu_labels(np.full((40, 50), 7, np.uint16)).max() == 0
