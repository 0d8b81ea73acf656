from pathlib import Path

import pytest

from labrelay import supervisor
from labrelay.errors import SettingsInvalid
from labrelay.settings import load_settings
from labrelay.settings.pipelines import TAKEN


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "labrelay.toml"
    file.write_text(text)
    return file


def test_labrelay_runs_with_no_settings_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.bind == "127.0.0.1"
    assert [folder.name for folder in settings.folders] == ["input"]


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "[ports]\ndashboard = 4300\nedge = 4301\n")
    monkeypatch.setenv("LABRELAY_PORTS__DASHBOARD", "4400")
    settings = load_settings(file)
    assert (settings.ports.dashboard, settings.ports.edge) == (4400, 4301)


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    file = write(tmp_path, "[launcher]\nwindwo = 3\n")
    with pytest.raises(SettingsInvalid, match=r"labrelay.toml, key `launcher.windwo`.*Did you mean `window`"):
        load_settings(file)


def test_an_unknown_key_inside_a_watched_folder_is_refused_too(tmp_path: Path) -> None:
    file = write(tmp_path, '[[oem.folders]]\npath = "x"\nstabel_s = 3\n')
    with pytest.raises(SettingsInvalid, match="Did you mean `stable_s`"):
        load_settings(file)


def test_a_wrong_value_names_its_key_and_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"`ports.edge`.*'many'"):
        load_settings(write(tmp_path, '[ports]\nedge = "many"\n'))


def test_broken_toml_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is not TOML"):
        load_settings(write(tmp_path, "[ports\n"))


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is not there"):
        load_settings(tmp_path / "nowhere.toml")


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    text = '[[oem.folders]]\nname = "a"\npath = "x"\n[[oem.folders]]\nname = "a"\npath = "y"\n'
    with pytest.raises(SettingsInvalid, match="same name"):
        load_settings(write(tmp_path, text))


def test_children_get_exactly_the_settings_of_their_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(write(tmp_path, "[ports]\nedge = 4301\n"))
    handed = tmp_path / "settings.json"
    handed.write_text(settings.model_dump_json())
    monkeypatch.setenv("LABRELAY_PORTS__EDGE", "1234")
    assert load_settings(handed) == settings


def test_a_model_of_ones_own_needs_a_name_and_a_port_of_its_own(tmp_path: Path) -> None:
    named = '[pipelines.models.{name}]\nfolder = "m"\n{port}\n'
    settings = load_settings(write(tmp_path, named.format(name="organoids", port="port = 3010")))
    assert settings.pipelines.served == ("nuclei", "cells", "simulator", "organoids")
    assert (settings.pipeline_port("organoids"), settings.pipeline_port("nuclei")) == (3010, settings.ports.nuclei)
    assert "nuclei" in load_settings(write(tmp_path, named.format(name="nuclei", port=""))).pipelines.models
    wrong = {"organoids": "", "nuclei": "port = 3010", "gateway": "port = 3010", "Two": "port = 3010"}
    for name, port in wrong.items():
        with pytest.raises(SettingsInvalid, match=r"pipelines\.models"):
            load_settings(write(tmp_path, named.format(name=name, port=port)))


@pytest.mark.parametrize(("taken", "owner"), [(3000, "nuclei"), (3010, "first"), (6401, "redis")])
def test_a_model_of_ones_own_may_not_have_the_port_of_another(tmp_path: Path, taken: int, owner: str) -> None:
    named = '[redis]\nport = 6401\n[pipelines.models.first]\nfolder = "a"\nport = 3010\n'
    named += f'[pipelines.models.second]\nfolder = "b"\nport = {taken}\n'
    with pytest.raises(SettingsInvalid, match=rf"second: `(pipelines\.models\.)?{owner}` has the port {taken}"):
        load_settings(write(tmp_path, named))


@pytest.mark.parametrize("name", ["dashboard", "job-repository", "task-launcher", "ends-"])
def test_a_model_of_ones_own_may_not_be_called_like_a_service_or_what_bento_refuses(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsInvalid, match="can't be called"):
        load_settings(write(tmp_path, f'[pipelines.models.{name}]\nfolder = "m"\nport = 3010\n'))


def test_no_service_leaves_its_name_to_a_model() -> None:
    assert supervisor.SERVICES.keys() | supervisor.WORKERS.keys() <= TAKEN
