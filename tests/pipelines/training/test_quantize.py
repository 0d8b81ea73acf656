"""A quantised package counts as before, or isn't written."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("nncf", reason="NNCF is an optional extra: pip install labrelay[training]")

from typer.testing import CliRunner

from pipelines.segmentation.package import load_package
from pipelines.training import quantize
from pipelines.training.__main__ import app
from pipelines.training.errors import QuantisationRefused
from pipelines.training.evaluate import evaluate
from pipelines.training.guard import WAYS, Guard
from pipelines.training.layers import first_convolutions, last_convolutions
from pipelines.training.scores import summary
from tests.pipelines.segmentation.conftest import ops, ov, save_package, tiny_network
from tests.pipelines.training.specimen import image, write_folder

IMAGES = [image(f"disc{seed}", seed) for seed in range(3)]


@pytest.fixture(autouse=True)
def few_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways, but calibrated on a handful of tiles."""
    monkeypatch.setattr(quantize, "WAYS", tuple(replace(way, tiles=6) for way in WAYS))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return save_package(tmp_path / "package", tiny_network())


def told(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))


def test_the_command_writes_a_package_that_counts_the_same_and_says_what_it_is(package: Path, tmp_path: Path) -> None:
    for part in ("train", "val"):
        write_folder(tmp_path / "data" / part, IMAGES)
    command = ["quantize", "--package", str(package), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "int8")]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.output
    assert (tmp_path / "int8").stat().st_mode == package.stat().st_mode, "others may read it as well"
    description = load_package(tmp_path / "int8").description
    assert (description.precision, description.name) == ("int8", "discs")
    assert "FakeQuantize" in (tmp_path / "int8" / "model.xml").read_text(encoding="utf-8")
    pool = summary(evaluate(tmp_path / "int8", IMAGES))
    assert description.quality["val_ap_050"] == round(pool.average_precision[0], 4)
    assert description.quality["before_quantisation_ap_050"] == 1.0
    assert "every layer" in description.training["quantisation"]
    same = ("name", "version", "instances", "scale", "classes", "output")
    assert {key: told(tmp_path / "int8")[key] for key in same} == {key: told(package)[key] for key in same}


def test_the_same_package_and_data_give_the_same_files(package: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        quantize.quantise(package, tmp_path / name, IMAGES, IMAGES)
    # The names of layers in model.xml count on within a process.
    first, second = (told(tmp_path / name)["files"]["bin_sha256"] for name in ("first", "second"))
    assert first == second


def test_a_worse_model_is_refused_with_the_figures_of_every_way(package: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(QuantisationRefused) as refused:
        quantize.quantise(package, tmp_path / "out", IMAGES, IMAGES, Guard(max_loss=-1.0), lines.append)
    assert len(lines) == len(WAYS)
    assert all(line in refused.value.cause for line in lines)
    assert "AP@0.5 1.0000 → " in refused.value.cause
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("lost", "more_error", "passes"), [(0.004, 0.009, True), (0.006, 0, False), (0, 0.011, False)])
def test_the_guard_looks_at_precision_and_counts(lost: float, more_error: float, passes: bool) -> None:
    before = replace(summary([]), average_precision=(0.9,), count_error=0.05)
    after = replace(before, average_precision=(0.9 - lost,), count_error=0.05 + more_error)
    assert Guard().lets_pass(before, after) == passes


def test_packages_that_cannot_be_quantised_and_folders_in_use_are_refused(package: Path, tmp_path: Path) -> None:
    with pytest.raises(QuantisationRefused, match="holds files already"):
        quantize.quantise(package, package, IMAGES, IMAGES)
    text = (package / "model.toml").read_text(encoding="utf-8")
    (package / "model.toml").write_text(f'precision = "int8"\n{text}', encoding="utf-8")
    with pytest.raises(QuantisationRefused, match="already"):
        quantize.quantise(package, tmp_path / "out", IMAGES, IMAGES)


def test_first_and_last_layers_are_found_by_their_place() -> None:
    def layer(source: Any, name: str, channels: int) -> Any:
        weights = ops.constant(np.zeros((2, channels, 1, 1), np.float32))
        made = ops.convolution(source, weights, [1, 1], [0, 0], [0, 0], [1, 1])
        made.set_friendly_name(name)
        return made

    start = ops.parameter([1, 1, -1, -1], np.float32)
    middle = layer(ops.relu(layer(ops.relu(start), "first", 1)), "middle", 2)
    maps = ops.concat([ops.sigmoid(layer(middle, "probabilities", 2)), layer(ops.relu(middle), "offsets", 2)], axis=1)
    model = ov.Model([maps], [start], "tiny")
    assert first_convolutions(model) == ["first"]
    assert last_convolutions(model) == ["offsets", "probabilities"]
