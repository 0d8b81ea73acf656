"""The commands that train, evaluate and quantise a model of one's own run as documented, on next to nothing."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install labrelay[training]")
pytest.importorskip("nncf", reason="NNCF is an optional extra: pip install labrelay[training]")

from typer.testing import CliRunner

from pipelines.segmentation.package import load_package
from pipelines.training import guard, quantize
from pipelines.training.__main__ import app
from pipelines.training.data import LabelledImage
from tests.pipelines.training.specimen import labelled_discs, write_folder

DOCUMENT = Path(__file__).parents[2] / "docs" / "pipeline-author.md"
PROGRAM = "python -m pipelines.training "


def commands() -> list[list[str]]:
    """The documented commands in their order, with a moment in place of the hour."""
    section = DOCUMENT.read_text(encoding="utf-8").split("## Train, evaluate, quantise your own")[1]
    block = next(each for each in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) if "pipelines.training" in each)
    lines = [line.replace("--minutes 60", "--minutes 0.01 --threads 1") for line in block.splitlines()]
    return [shlex.split(line.removeprefix(PROGRAM)) for line in lines]


def disc(stem: str, seed: int) -> LabelledImage:
    labels = labelled_discs((24, 24, 8 + seed), size=48)
    light = 120.0 + 800.0 * cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), 1.0)
    noise = np.random.default_rng(seed).normal(0.0, 8.0, light.shape)
    return LabelledImage(stem, (light + noise).clip(0).astype(np.uint16), labels)


def test_the_documented_commands_make_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(quantize, "WAYS", tuple(replace(way, tiles=3) for way in guard.WAYS))
    for number, part in enumerate(("train", "val")):
        write_folder(tmp_path / "my-data" / part, [disc(f"{part}{seed}", 2 * seed + number) for seed in range(2)])
    for command in commands():
        run = CliRunner().invoke(app, command)
        assert run.exit_code == 0, f"{command}: {run.output}"
    assert load_package(tmp_path / "my-model-int8").description.precision == "int8"
    assert load_package(tmp_path / "my-model").description.name == "mine"
    assert {path.name for path in tmp_path.iterdir()} >= {"scores.json", "scores.csv", "worst", "training-runs"}
