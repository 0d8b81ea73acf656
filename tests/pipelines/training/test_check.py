"""Training data are looked through before time is spent on them."""

from pathlib import Path

import cv2
import numpy as np
from typer.testing import CliRunner

from pipelines.training.__main__ import app
from pipelines.training.check import check
from pipelines.training.data import LabelledImage
from tests.pipelines.training.specimen import image, labelled_discs, write_folder


def folders(root: Path, *more: LabelledImage) -> Path:
    write_folder(root / "train", [image("a", 1), image("b", 2), *more])
    write_folder(root / "val", [image("c", 3)])
    return root


def test_good_data_pass_with_their_numbers(tmp_path: Path) -> None:
    findings = check(folders(tmp_path))
    assert (findings.faults, findings.doubts) == ([], [])
    assert [(part.name, part.images, part.empty) for part in findings.parts] == [("train", 2, 0), ("val", 1, 0)]
    assert findings.parts[1].row()[3] == str(image("c", 3).objects)


def test_suspicious_images_are_named(tmp_path: Path) -> None:
    blank = LabelledImage("blank", np.full((64, 64), 7, np.uint8), np.zeros((64, 64), np.int32))
    discs = labelled_discs((20, 20, 8), (90, 90, 8))
    pixels = image("x", 9).pixels
    split = np.where((discs == 1) | (np.roll(discs, 40, 1) == 1), 1, discs)
    black_and_white = LabelledImage("mask", pixels + 1, (discs > 0).astype(np.int32))
    speck = labelled_discs((20, 20, 8), (60, 60, 0))
    more = [blank, LabelledImage("split", pixels, split), black_and_white, LabelledImage("speck", pixels + 2, speck)]
    doubts = " | ".join(check(folders(tmp_path, *more)).doubts)
    assert "every pixel alike in 1 image(s): train/blank" in doubts
    assert "objects in several pieces in 1 image(s): train/split" in doubts
    assert "black and white in 1 image(s): train/mask" in doubts
    assert "smaller than 4 px across in 1 image(s): train/speck" in doubts


def test_the_same_image_in_train_and_val_is_told(tmp_path: Path) -> None:
    copy = LabelledImage("again", image("c", 3).pixels, image("c", 3).labels)
    assert "train/again = val/c" in check(folders(tmp_path, copy)).doubts[0]


def test_every_fault_is_collected_and_the_command_fails(tmp_path: Path) -> None:
    root = folders(tmp_path)
    cv2.imwrite(str(root / "train" / "labels" / "a.png"), np.zeros((5, 5), np.uint16))
    (root / "train" / "images" / "b.png").write_bytes(b"no image")
    (root / "val" / "labels" / "c.png").unlink()
    run = CliRunner().invoke(app, ["check", "--data", str(root)])
    assert run.exit_code == 1
    told = " ".join(run.output.split())
    for text in ("a.png is (128, 128), its labels are (5, 5)", "b.png", "c.png is missing"):
        assert text in told


def test_a_folder_that_holds_images_itself_is_taken_as_it_is(tmp_path: Path) -> None:
    root = folders(tmp_path)
    run = CliRunner().invoke(app, ["check", "--data", str(root / "train")])
    assert run.exit_code == 0, run.output


def test_data_without_any_object_are_a_fault(tmp_path: Path) -> None:
    blank = LabelledImage("blank", np.arange(64, dtype=np.uint8).reshape(8, 8), np.zeros((8, 8), np.int32))
    assert check(write_folder(tmp_path / "train", [blank])).faults == ["no image holds a labelled object"]
