"""`labrelay model`: what there is, what it is worth, whether it is whole, and under lock and key."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from labrelay.settings import Settings
from labrelay.settings.pipelines import OwnModel
from pipelines.segmentation.packages.commands import listed
from tests.labrelay.cli.command_line import labrelay
from tests.labrelay.cli.test_settings_commands import plain
from tests.pipelines.segmentation.packages.onnx_bytes import bright_network
from tests.pipelines.segmentation.packages.own_models import onnx_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return onnx_package(tmp_path / "own", bright_network(), {"output": 'activation = "sigmoid"'})


def test_list_names_what_ships_and_what_was_added(package: Path, settings: Settings, tmp_path: Path) -> None:
    layout = settings.gateway_layout
    onnx_package(layout.models / "mine", bright_network(), {})
    (onnx_package(layout.models / "broken", bright_network(), {}) / "cells.onnx").unlink()
    document = json.loads(settings.model_dump_json())
    document["pipelines"]["models"] = {"spots": {"folder": str(package), "port": 3010}}
    config = str(tmp_path / "labrelay.json")
    Path(config).write_text(json.dumps(document), encoding="utf-8")
    entries = labrelay("model", "list", "--json", "--config", config).json
    assert ("nuclei", "shipped") in {(entry["name"], entry["origin"]) for entry in entries}
    by_origin = [
        (entry["origin"], entry["name"], bool(entry["problem"])) for entry in entries if entry["origin"][0] != "s"
    ]
    assert by_origin == [("data folder", "broken", True), ("data folder", "own", False)]
    assert [Path(entry["folder"]) for entry in entries if entry["origin"] == "settings"] == [package]
    text = labrelay("model", "list", "--config", config).out
    assert "nuclei" in text
    assert "can't be read" in plain(text)


def test_show_prints_the_card_by_name_or_folder(package: Path) -> None:
    assert "Model card: nuclei" in plain(labrelay("model", "show", "nuclei").out)
    shown = plain(labrelay("model", "show", str(package)).out)
    assert "Model card: own 3" in shown
    assert "Not for diagnosis" in shown
    assert labrelay("model", "show", str(package), "--json").json["classes"] == ["disc"]


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    answer = labrelay("model", "show", "nucleus")
    assert answer.status == 1
    assert "nuclei" in plain(answer.err).split("Next:")[1]


def test_verify_marks_every_check_and_the_exit_status_tells(package: Path) -> None:
    good = labrelay("model", "verify", str(package))
    assert (good.status, good.out.count("✓")) == (0, 7)
    (package / "cells.onnx").write_bytes(b"")
    bad = labrelay("model", "verify", str(package))
    assert (bad.status, bad.out.count("✓"), bad.out.count("✗")) == (1, 2, 1)
    assert "next: " in bad.out
    checks = labrelay("model", "verify", str(package), "--json").json
    assert [check["well"] for check in checks] == [True, True, False, None, None, None, None]


def test_an_encrypted_copy_loads_with_its_new_key_alone(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, sealed = tmp_path / "model.key", tmp_path / "sealed"
    made = labrelay("model", "encrypt", str(package), str(sealed), "--new-key", str(key))
    assert made.status == 0
    assert key.read_text().strip() not in made.out + made.err
    assert labrelay("model", "verify", str(sealed)).status == 1
    monkeypatch.setenv("LABRELAY_MODEL_KEY_FILE", str(key))
    assert labrelay("model", "verify", str(sealed)).status == 0
    assert labrelay("model", "show", str(sealed), "--json").json["key_id"] in made.out
    again = labrelay("model", "encrypt", str(package), str(tmp_path / "other"), "--key-file", str(key))
    assert (again.status, labrelay("model", "verify", str(tmp_path / "other")).status) == (0, 0)
    both = labrelay("model", "encrypt", str(package), "x", "--key-file", str(key), "--new-key", str(key))
    assert both.status == 2


def test_a_model_is_measured_and_its_card_says_so(package: Path, tmp_path: Path) -> None:
    for name in ("images", "labels"):
        (tmp_path / "data" / name).mkdir(parents=True)
    labels = np.zeros((120, 160), np.uint8)
    for number, centre in enumerate([(30, 30), (90, 30), (60, 80)], 1):
        cv2.circle(labels, centre, 12, number, -1)
    image = (200 + 1500 * (labels > 0) + np.random.default_rng(0).normal(0, 5, labels.shape)).astype(np.uint16)
    for name, pixels in (("images", image), ("labels", labels)):
        cv2.imwrite(str(tmp_path / "data" / name / "a.png"), pixels)
    scores = tmp_path / "scores.json"
    words = ["model", "evaluate", str(package), "--data", str(tmp_path / "data"), "--json", str(scores)]
    assert labrelay(*words).status == 0
    assert json.loads(scores.read_text(encoding="utf-8"))["summary"]["average_precision"][0] == 1.0
    assert labrelay("model", "card", str(package), "--evaluation", f"test={scores}", "--write").status == 0
    assert "| all | 1 | 3 | 1.000" in (package / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert labrelay("model", "verify", str(package)).status == 0
    assert labrelay("model", "card", str(package), "--evaluation", "scores.json").status == 2
    assert labrelay("model", "card", str(package), "--evaluation", f"test={package}").status == 1


def test_a_folder_that_is_named_in_two_ways_is_one_model(settings: Settings) -> None:
    folder = onnx_package(settings.gateway_layout.models / "mine", bright_network(), {})
    crooked = folder / ".." / folder.name
    own = settings.pipelines.model_copy(update={"models": {"spots": OwnModel(folder=crooked, port=3010)}})
    entries = listed(settings.model_copy(update={"pipelines": own}))
    assert [entry.origin for entry in entries if entry.name == "own"] == ["settings"]


def test_what_cannot_be_written_is_said_without_a_traceback(package: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (package / "MODEL_CARD.md").mkdir()
    blocked = str(tmp_path / "file" / "out")
    for words in (
        ("encrypt", str(package), blocked, "--new-key", str(tmp_path / "key")),
        ("card", str(package), "--write"),
    ):
        answer = labrelay("model", *words)
        assert (answer.status, "can't be written" in plain(answer.err), "Traceback" in answer.err) == (1, True, False)
