"""The cells pipeline is the nuclei pipeline's code with another name, topic and model; further models need no code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings
from labrelay.settings.pipelines import OwnModel, Pipelines
from labrelay.supervisor import BENTOS
from pipelines.counting.kind import Kind
from pipelines.registry.roster import SHIPPED

FACTS = """
import json, sys
from importlib import import_module
facts = {}
for topic, place in json.loads(sys.argv[1]).items():
    module, _, name = place.partition(":")
    bento = getattr(import_module(module), name)
    facts[topic] = {
        "names": [bento.name, bento.inner.kind.topic],
        "people": [bento.inner.kind.name, bento.inner.kind.description],
        "code": bento.inner.__mro__[1].__qualname__,
        "calls": sorted(bento.apis),
        "model": bento.inner.kind.shipped.parent.name,
        "heavy": sorted({"openvino", "cv2", "scipy", "skimage"} & set(sys.modules)),
    }
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    """What BentoML's arbiter sees of the services, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", FACTS, json.dumps(BENTOS)], capture_output=True, text=True, check=True)
    told: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("topic", ["nuclei", "cells"])
def test_both_are_the_same_bento_under_their_own_names(facts: dict[str, dict[str, Any]], topic: str) -> None:
    assert facts[topic]["names"] == [topic, topic]
    assert tuple(facts[topic]["people"]) == SHIPPED[topic]
    assert (facts[topic]["code"], facts[topic]["calls"]) == ("CountingBento", ["mask", "segment"])
    assert facts[topic]["model"] == topic


def test_the_arbiter_loads_nothing_heavy(facts: dict[str, dict[str, Any]]) -> None:
    assert facts["cells"]["heavy"] == []


def test_the_environment_names_a_model_before_the_settings_and_these_before_what_ships(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = Kind("cells", "Cells", "", Path("shipped"))
    told = Settings(pipelines=Pipelines(models={"cells": OwnModel(folder=Path("told"))}))
    assert cells.folder(Settings()) == Path("shipped")
    assert cells.folder(told) == Path("told")
    monkeypatch.setenv("LABRELAY_CELLS_MODEL", "given")
    assert cells.folder(told) == Path("given")


def test_a_model_of_ones_own_is_described_by_its_package(tmp_path: Path) -> None:
    settings = Settings(pipelines=Pipelines(models={"my-own": OwnModel(folder=tmp_path, port=3010)}))
    assert Kind.of_own_model("my-own", settings).topic == "my-own"
    (tmp_path / "model.toml").write_text('description = "Organoids"', encoding="utf-8")
    kind = Kind.of_own_model("my-own", settings)
    assert (kind.name, kind.description, kind.variable) == ("my-own", "Organoids", "LABRELAY_MY_OWN_MODEL")
    with pytest.raises(SettingsInvalid, match="another"):
        Kind.of_own_model("another", settings)
