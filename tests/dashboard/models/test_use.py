"""The lines that put a model to use are ones that the settings take, whatever its folder is called."""

import tomllib
from pathlib import Path

import pytest

from dashboard.models.use import lines_of
from labrelay.contracts.models import ModelEntry
from labrelay.settings import Settings
from labrelay.settings.pipelines import OwnModel, Pipelines


def entry(key: str, **changed: str) -> ModelEntry:
    told = {"folder": f"/data/models/{key}", "origin": "data folder", "key": key, "name": "organoids"}
    return ModelEntry.model_validate({**told, **changed})


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("organoids", "organoids"),
        ("Organoids 2 (ours).v3", "organoids-2-ours-v3"),
        ("nuclei", "nuclei-2"),
        ("gateway", "gateway-2"),
        ("细胞", "model"),
        ("x" * 80, "x" * 40),
        ("C:\\models\\mine", "c-models-mine"),
    ],
)
def test_the_lines_name_the_folder_under_a_name_that_is_free(key: str, named: str) -> None:
    told = Settings.model_validate({"pipelines": tomllib.loads(lines_of(entry(key), Settings()))["pipelines"]})
    assert {name: model.folder for name, model in told.pipelines.models.items()} == {
        named: Path(entry(key).folder),
    }


def test_a_second_model_gets_a_name_and_a_port_of_its_own() -> None:
    first = {"organoids": OwnModel(folder=Path("elsewhere"), port=3010)}
    settings = Settings(pipelines=Pipelines(models=first))
    (told,) = tomllib.loads(lines_of(entry("organoids"), settings))["pipelines"]["models"].items()
    assert (told[0], told[1]["port"]) == ("organoids-2", 3011)


def test_a_model_that_is_in_use_or_broken_gets_no_lines() -> None:
    assert lines_of(entry("organoids", origin="settings"), Settings()) == ""
    assert lines_of(entry("organoids", origin="shipped"), Settings()) == ""
    assert lines_of(entry("organoids", problem="model.xml is missing"), Settings()) == ""
