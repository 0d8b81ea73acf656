"""A short training on generated discs learns, resumes, and becomes a package that counts."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install labrelay[training]")

from typer.testing import CliRunner  # noqa: E402

from pipelines.segmentation.network import Network  # noqa: E402
from pipelines.segmentation.package import load_package  # noqa: E402
from pipelines.training.__main__ import app  # noqa: E402
from pipelines.training.augment import Augmentation  # noqa: E402
from pipelines.training.batches import Batches  # noqa: E402
from pipelines.training.errors import RunDiffers  # noqa: E402
from pipelines.training.evaluate import evaluate  # noqa: E402
from pipelines.training.export import Identity, export  # noqa: E402
from pipelines.training.network import Maps, UNet, follow  # noqa: E402
from pipelines.training.record import CurvePoint, Normalisation, RunRecord  # noqa: E402
from pipelines.training.scores import summary  # noqa: E402
from pipelines.training.train import CHECKPOINT, CURVE, Recipe, Training, trapezoid  # noqa: E402
from tests.pipelines.training.specimen import image, write_folder  # noqa: E402

IMAGES = [image(f"disc{seed}", seed) for seed in range(4)]
MILD = Augmentation(far_share=0.0, blank_share=0.0)
RECIPE = Recipe(seconds=1e6, steps=10, widths=(4, 8, 8), checkpoint_seconds=0.0, val_batches=1, threads=1)


def training(run: Path, recipe: Recipe = RECIPE, start: Path | None = None) -> Training:
    torch.manual_seed(0)
    batches = Batches(IMAGES, Normalisation(), MILD, np.random.default_rng(0), size=64, batch=4)
    val = Batches(IMAGES, Normalisation(), MILD, np.random.default_rng(1), size=64, batch=4)
    return Training(recipe, batches, val, run, start)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CurvePoint]]:
    """A run's folder, and its curve with one point for each step."""
    run = tmp_path_factory.mktemp("run")
    curve = list(training(run).stretches())
    record = RunRecord.of(IMAGES, "discs", "CC0-1.0", Normalisation(), MILD, "pytest")
    record.write(run)
    return run, curve


def test_ten_steps_lower_the_loss(trained: tuple[Path, list[CurvePoint]]) -> None:
    losses = [point.loss for point in trained[1]]
    assert len(losses) == 10
    assert np.mean(losses[-3:]) < 0.95 * np.mean(losses[:3])


def test_the_curve_is_kept(trained: tuple[Path, list[CurvePoint]]) -> None:
    with (trained[0] / CURVE).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [point.step for point in trained[1]] == list(range(1, 11))
    assert float(rows[-1]["val_loss"]) == pytest.approx(trained[1][-1].val_loss, rel=1e-4)


def test_an_interrupted_run_goes_on_where_it_stood(tmp_path: Path) -> None:
    first = training(tmp_path, replace(RECIPE, steps=3))
    list(first.stretches())
    second = training(tmp_path, replace(RECIPE, steps=5))
    assert second.step == 3
    assert second.val_loss() == pytest.approx(first.val_loss())
    assert [point.step for point in second.stretches()] == [4, 5]


def test_the_command_line_trains_on_a_folder_and_leaves_a_record(tmp_path: Path) -> None:
    for part in ("train", "val"):
        write_folder(tmp_path / "data" / part, IMAGES[:2])
    command = ["train", "--data", str(tmp_path / "data"), "--run", str(tmp_path / "run"), "--minutes", "0.01"]
    run = CliRunner().invoke(app, [*command, "--threads", "1", "--source", "generated discs"])
    assert run.exit_code == 0, run.output
    assert "on validation crops" in run.output
    record = RunRecord.read(tmp_path / "run")
    assert (record.data, record.images, record.objects) == ("generated discs", 2, IMAGES[0].objects + IMAGES[1].objects)
    assert str(tmp_path) not in record.command
    assert (tmp_path / "run" / CHECKPOINT).exists()


def test_a_run_may_begin_with_the_weights_of_another(trained: tuple[Path, list[CurvePoint]], tmp_path: Path) -> None:
    first = training(trained[0])
    second = training(tmp_path, start=trained[0] / CHECKPOINT)
    assert second.step == 0
    assert second.val_loss() == pytest.approx(first.val_loss())


def test_a_run_of_another_width_is_refused_with_both_widths(
    trained: tuple[Path, list[CurvePoint]], tmp_path: Path
) -> None:
    wider = replace(RECIPE, widths=(8, 8, 8))
    with pytest.raises(RunDiffers, match=r"4,8,8, not 8,8,8"):
        training(tmp_path, wider, trained[0] / CHECKPOINT)
    with pytest.raises(RunDiffers):
        training(trained[0], wider)


@pytest.mark.parametrize("text", ["32", "a,b", "32,0", ""])
def test_widths_that_are_none_are_refused_before_anything_is_read(tmp_path: Path, text: str) -> None:
    result = CliRunner().invoke(app, ["train", "--data", str(tmp_path), "--widths", text])
    assert result.exit_code == 2
    assert "whole numbers" in result.output


def test_the_learning_rate_rises_stays_and_falls_to_almost_nothing() -> None:
    rates = [trapezoid(progress / 100, 0.3) for progress in range(101)]
    assert rates[:3] == sorted(rates[:3])
    assert set(rates[2:70]) == {1.0}
    assert rates[70:] == sorted(rates[70:], reverse=True)
    assert rates[-1] == pytest.approx(0.01)


def test_the_average_moves_towards_the_network() -> None:
    average, network = UNet((2, 4)), UNet((2, 4))
    follow(average, network, 0.0)
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        assert torch.equal(kept, new)


def test_the_network_has_less_than_four_million_weights() -> None:
    assert sum(weights.numel() for weights in UNet().parameters()) < 4_000_000


def test_the_exported_network_predicts_what_torch_predicts(
    trained: tuple[Path, list[CurvePoint]], tmp_path: Path
) -> None:
    run, package = trained[0], tmp_path / "package"
    quality = export(run, package, Identity("discs", "0.1.0", 'Discs "and" ä', ("disc",)), IMAGES, ())
    description = load_package(package).description
    assert description.description == 'Discs "and" ä'
    assert description.quality["val_objects"] == quality.objects == sum(one.objects for one in IMAGES)
    assert summary(evaluate(package, IMAGES)) == quality
    field = np.random.default_rng(0).random((96, 64), np.float32)
    found = Network(load_package(package), precision="fp32").predict(field)
    np.testing.assert_allclose(found, _torch_prediction(run, field), atol=0.03)


def _torch_prediction(run: Path, field: np.ndarray) -> Any:
    state = torch.load(run / CHECKPOINT, weights_only=True)
    network = UNet(tuple(state["widths"]))
    network.load_state_dict(state["average"])
    with torch.no_grad():
        return Maps(network).eval()(torch.from_numpy(field[None, None]))[0].numpy()
