"""Commands that need nothing running, and what they say when nothing runs."""

import json
from pathlib import Path

import pytest

from labrelay.settings import Settings
from tests.labrelay.cli.command_line import labrelay


@pytest.fixture
def config(tmp_path: Path, settings: Settings) -> str:
    (tmp_path / "labrelay.json").write_text(settings.model_dump_json())
    return str(tmp_path / "labrelay.json")


def test_check_says_that_good_settings_are_good(config: str) -> None:
    answer = labrelay("config", "check", "--config", config)
    assert (answer.status, "the settings are good" in answer.out) == (0, True)


def test_check_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("")
    path = (tmp_path / "images").as_posix()
    (tmp_path / "labrelay.toml").write_text(f'[[oem.folders]]\nname = "input"\npath = "{path}"\n')
    answer = labrelay("config", "check", "--config", str(tmp_path / "labrelay.toml"))
    assert answer.status == 2
    assert "is a file, not a folder" in plain(answer.err)


def test_show_prints_every_setting_with_its_default(tmp_path: Path) -> None:
    (tmp_path / "labrelay.toml").write_text("[launcher]\nwindow = 3\n")
    shown = labrelay("config", "show", "--config", str(tmp_path / "labrelay.toml")).json
    assert (shown["launcher"]["window"], shown["launcher"]["attempts"], shown["ports"]["edge"]) == (3, 3, 59700)
    assert Settings.model_validate(shown).launcher.window == 3


def test_schema_knows_every_section() -> None:
    assert set(labrelay("config", "schema").json["properties"]) == set(Settings.model_fields)


@pytest.mark.parametrize("command", [["status"], ["jobs"], ["config", "check"], ["doctor"], ["up"], ["serve", "x"]])
def test_wrong_settings_are_named_with_file_key_and_suggestion(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "wrong.toml").write_text("[launcher]\nwindo = 3\n")
    answer = labrelay(*command, "--config", str(tmp_path / "wrong.toml"))
    assert answer.status == 2
    said = plain(answer.err)
    assert "wrong.toml" in said
    assert "launcher.windo" in said
    assert "Did you mean `window`?" in said
    assert "labrelay config check" in said


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    answer = labrelay("status", "--config", str(tmp_path / "none.toml"))
    assert (answer.status, "none.toml" in plain(answer.err)) == (2, True)


@pytest.mark.parametrize(
    "command",
    [["status"], ["status", "--json"], ["jobs"], ["task", "list"], ["retry", "--all-failed"]],
)
def test_where_nothing_runs_the_status_is_4_and_the_next_step_is_said(config: str, command: list[str]) -> None:
    answer = labrelay(*command, "--config", config)
    assert answer.status == 4
    assert "Next:" in answer.err


def test_status_as_json_is_whole_also_where_nothing_runs(config: str) -> None:
    document = json.loads(labrelay("status", "--json", "--config", config).out)
    assert set(document["services"].values()) == {"not running"}
    assert document["summary"] is None


def test_doctor_says_what_is_missing_and_what_to_do(config: str) -> None:
    answer = labrelay("doctor", "--json", "--config", config)
    findings = {finding["check"]: finding for finding in answer.json}
    assert answer.status == 1
    assert findings["extra gateway"]["well"]
    assert findings["folder watched input"]["well"]
    assert not findings["job-repository"]["well"]
    assert "labrelay up" in findings["job-repository"]["next_step"]


def test_an_unknown_service_is_refused_with_the_names_of_those_there_are(config: str) -> None:
    answer = labrelay("serve", "task-runner", "--config", config)
    assert answer.status == 2
    assert "task-launcher" in plain(answer.err)


def test_a_folder_that_is_not_there_cannot_be_run(tmp_path: Path) -> None:
    answer = labrelay("run", "--input", str(tmp_path / "none"), "--output", str(tmp_path / "out"))
    assert (answer.status, "is not a folder" in plain(answer.err)) == (2, True)


def test_results_are_never_written_among_the_images(tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "results"):
        answer = labrelay("run", "--input", str(tmp_path), "--output", str(output))
        assert (answer.status, "results for images" in plain(answer.err)) == (2, True)
    assert list(tmp_path.iterdir()) == []


def plain(text: str) -> str:
    """Text without the line breaks that a narrow terminal puts into it."""
    return " ".join(text.split())
