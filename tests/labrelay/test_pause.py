"""The pause of an instrument's machine: two small files that outlast everything."""

import threading
from pathlib import Path

import pytest

from labrelay.contracts.pauses import Pause
from labrelay.files import digest_file
from labrelay.pace import Pace
from labrelay.pause import Paused, PauseFiles
from labrelay.settings import Settings
from labrelay.throttle import Throttle

ADA = Pause(by="Ada", reason="laser alignment", since_ns=1_763_800_000_000_000_000)
LAB = Pause(by="dashboard", since_ns=1_763_800_100_000_000_000)


@pytest.fixture
def files(settings: Settings) -> PauseFiles:
    return PauseFiles(settings.oem_layout)


def test_nothing_is_paused_at_first_and_looking_makes_nothing(files: PauseFiles, settings: Settings) -> None:
    assert not files.active
    assert files.read().text == ""
    files.check()
    files.set_here(None)
    assert not settings.data.exists()


def test_a_pause_lasts_until_it_is_lifted_also_for_others(files: PauseFiles, settings: Settings) -> None:
    files.set_here(ADA)
    again = PauseFiles(settings.oem_layout)
    assert again.read().instrument == ADA
    with pytest.raises(Paused, match=r"paused at the instrument by Ada since .*, laser alignment"):
        again.check()
    again.set_here(None)
    assert not files.active


def test_each_place_lifts_only_its_own_pause(files: PauseFiles) -> None:
    files.set_here(ADA)
    files.set_gateway(LAB)
    assert files.read().text.startswith("paused from the gateway by dashboard since")
    files.set_here(None)
    assert files.active
    assert files.read().instrument is None
    files.set_gateway(None)
    assert not files.active


@pytest.mark.parametrize("content", [b"", b"{", b'{"by": 1}', b"\xff\x00"])
def test_a_file_that_cannot_be_read_pauses_all_the_same(files: PauseFiles, settings: Settings, content: bytes) -> None:
    files.set_here(ADA)
    (settings.oem_layout.root / "pause" / "here.json").write_bytes(content)
    assert files.active
    assert "somebody" in files.read().text
    files.set_here(None)
    assert not files.active


def test_hashing_stops_at_the_next_piece(files: PauseFiles, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(3 << 20))
    seen = 0

    def check() -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            files.set_here(ADA)
        files.check()

    with pytest.raises(Paused):
        digest_file(tmp_path / "large", check)
    assert seen == 2


def test_whoever_waits_for_a_turn_hears_of_a_pause(files: PauseFiles) -> None:
    threading.Timer(0.1, files.set_here, [ADA]).start()
    with pytest.raises(Paused):
        Pace(files, Throttle(1)).await_turn(1_000_000)
