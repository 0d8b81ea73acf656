"""`labrelay pause` and `resume` where nothing runs."""

from pathlib import Path

import pytest

from labrelay.pause import PauseFiles
from labrelay.settings import Settings
from tests.labrelay.cli.command_line import Answer, labrelay


@pytest.fixture
def config(settings: Settings, tmp_path: Path) -> Path:
    settings.oem_layout.root.mkdir(parents=True)
    file = tmp_path / "labrelay.json"
    file.write_text(settings.model_dump_json())
    return file


def ask(config: Path, *words: str) -> Answer:
    return labrelay(*words, "--config", str(config))


def test_a_side_that_does_not_run_is_paused_and_resumed(config: Path, settings: Settings) -> None:
    said = ask(config, "pause", "--by", "Ada", "--reason", "laser\n\x01alignment")
    assert said.status == 0, said.err
    held = PauseFiles(settings.oem_layout).read().instrument
    assert held is not None
    assert (held.by, held.reason) == ("Ada", "laser alignment")
    assert ask(config, "resume").out.strip() == "not paused"
    assert not PauseFiles(settings.oem_layout).active


def test_who_pauses_is_this_machines_user_if_nobody_else_is_named(config: Path, settings: Settings) -> None:
    assert ask(config, "pause").status == 0
    held = PauseFiles(settings.oem_layout).read().instrument
    assert held is not None
    assert held.by


def test_a_gateway_alone_is_asked_which_instrument(config: Path, settings: Settings) -> None:
    settings.oem_layout.root.rmdir()
    settings.gateway_layout.root.mkdir(parents=True)
    said = ask(config, "pause")
    assert said.status == 2
    assert "--instrument NAME" in said.err.replace("\n", " ")
    assert not PauseFiles(settings.oem_layout).active


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_where_no_side_has_run_nothing_is_said_to_be_paused_or_not(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A working folder that isn't labrelay's: the pause would hold nobody back."""
    monkeypatch.chdir(tmp_path)
    said = labrelay(command)
    assert (said.status, said.out) == (2, "")
    assert "--config FILE" in said.err.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []


def test_a_pause_that_cannot_be_written_down_is_said(config: Path, settings: Settings) -> None:
    (settings.oem_layout.root / "pause").write_bytes(b"")
    said = ask(config, "pause")
    assert said.status == 2
    assert "can't be written down" in said.err.replace("\n", " ")


def test_from_the_gateway_it_needs_the_gateway(config: Path) -> None:
    assert ask(config, "pause", "--instrument", "reader-1").status == 4
