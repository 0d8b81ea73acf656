"""Units, containers and the README run commands that there are, with options that they have."""

import configparser
import re
from pathlib import Path

import pytest
import typer.main

from labrelay.cli import app
from labrelay.settings import load_settings
from tests.compose.stack import COMPOSE, stack

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
UNITS = sorted((COMPOSE / "systemd").glob("*.service"))
README = (COMPOSE / "README.md").read_text(encoding="utf-8")


def runs(words: list[str]) -> None:
    command = COMMANDS[words[0]]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, words


def read_unit(file: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(file.read_text(encoding="utf-8"))
    return unit


def test_there_is_a_unit_for_each_side() -> None:
    assert [unit.stem for unit in UNITS] == ["labrelay-gateway", "labrelay-oem"]


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_unit_runs_a_command_with_an_account_of_its_own(file: Path) -> None:
    service = read_unit(file)["Service"]
    program, *words = service["ExecStart"].split()
    assert program.endswith("/bin/labrelay")
    assert words[0] == file.stem.removeprefix("labrelay-")
    runs(words)
    assert service["User"] == "labrelay"
    assert service["NoNewPrivileges"] == "yes"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_units_environment_makes_settings(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for pair in read_unit(file)["Service"]["Environment"].split():
        monkeypatch.setenv(*pair.split("=", 1))
    assert load_settings().data.name == read_unit(file)["Service"]["StateDirectory"]


@pytest.mark.parametrize("side", ["gateway", "oem"])
def test_a_container_runs_its_side(side: str) -> None:
    words = stack()["services"][side]["command"]
    assert words[0] == side
    runs(words)


def test_the_windows_note_names_a_real_command() -> None:
    (line,) = re.findall(r"nssm install .*labrelay\.exe (.*)", README)
    runs(line.split())


def test_the_readmes_settings_load(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "labrelay.toml").write_text(block, encoding="utf-8")
    assert load_settings(tmp_path / "labrelay.toml").oem.tls.ca == Path("clients-ca.pem")


def test_the_readmes_links_and_profiles_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (COMPOSE / target).exists(), target
    profiles = {name for service in stack()["services"].values() for name in service.get("profiles", [])}
    assert profiles == set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert set(re.findall(r"--profile (\w+)", README)) <= profiles


def test_the_readme_says_that_nothing_was_built_here() -> None:
    assert "No image was built" in README
