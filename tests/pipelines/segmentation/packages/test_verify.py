"""`verify` looks at everything in order and stops at what is wrong."""

from pathlib import Path

from pipelines.segmentation.packages.card import MADE
from pipelines.segmentation.packages.commands import made_card, write_card
from pipelines.segmentation.packages.verify import verified
from tests.pipelines.segmentation.packages.onnx_bytes import bright_network
from tests.pipelines.segmentation.packages.own_models import onnx_package

LOGITS = {"output": 'activation = "sigmoid"'}


def test_a_good_package_passes_every_check(tmp_path: Path) -> None:
    checks = verified(onnx_package(tmp_path, bright_network(), LOGITS))
    assert [check.well for check in checks] == [True] * 7
    assert [check.check for check in checks][:3] == ["description", "files", "digests"]
    assert "own 3" in checks[0].detail


def test_what_comes_after_a_failure_is_not_looked_at(tmp_path: Path) -> None:
    folder = onnx_package(tmp_path, bright_network(), LOGITS)
    with (folder / "cells.onnx").open("ab") as file:
        file.write(b" ")
    checks = verified(folder)
    assert [check.well for check in checks] == [True, True, False, None, None, None, None]
    assert "SHA-256" in checks[2].detail
    assert "digest" in checks[2].next_step


def test_no_folder_at_all_is_said(tmp_path: Path) -> None:
    (first, *others) = verified(tmp_path / "none")
    assert (first.well, {check.well for check in others}) == (False, {None})
    assert "model.toml can't be read" in first.detail


def test_a_card_of_an_earlier_model_is_named(tmp_path: Path) -> None:
    folder = onnx_package(tmp_path, bright_network(), LOGITS)
    write_card(folder, made_card(folder, {}, {}))
    assert verified(folder)[-1].detail == "agrees with model.toml"
    onnx_package(tmp_path, bright_network(gain=30.0), LOGITS)
    assert MADE in (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    (*others, last) = verified(folder)
    assert all(check.well for check in others)
    assert (last.well, "digest" in last.detail) == (False, True)
