"""What would be taken, before it is: from the command line, over HTTP, beside a watcher and without one."""

import json
import os
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from file_watcher.app import create
from file_watcher.preview import preview
from labrelay.cli import app
from labrelay.cli.notice import MANY, Notice, amount
from labrelay.contracts.preview import FolderPreview, Portion, SubFolder
from labrelay.errors import NotFound
from labrelay.settings import Settings
from labrelay.settings.model import WatchedFolder
from tests.file_watcher.conftest import changed, with_folders
from tests.polling import until

LAST_YEAR_NS = 1_750_000_000 * 10**9


@pytest.fixture
def root(settings: Settings) -> Path:
    return settings.folders[0].path


@pytest.fixture
def full(settings: Settings, root: Path) -> Settings:
    """Three new images, an old one, one that is too small, and three that the patterns pass over."""
    for name, size in (("A01.tif", 1000), ("plate/B01.tif", 2000), ("plate/deep/B02.tif", 3000), ("old.tif", 400)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x" * size)
    (root / "small.tif").write_bytes(b"x" * 7)
    for name in ("B01.tmp", ".hidden", "plate/Thumbs.db"):
        (root / name).write_bytes(b"x" * 50)
    os.utime(root / "old.tif", ns=(LAST_YEAR_NS, LAST_YEAR_NS))
    return changed(settings, existing="since 2026-01-01", min_bytes=100)


def only(settings: Settings) -> FolderPreview:
    (told,) = preview(settings).folders
    return told


def test_each_file_stands_in_one_line(full: Settings, root: Path) -> None:
    told = only(full)
    assert (told.name, told.path, told.existing, told.first) == ("input", str(root), "since 2026-01-01", True)
    assert told.take == Portion(files=3, bytes=6000)
    assert told.left_out == Portion(files=1, bytes=400)
    assert told.small == Portion(files=1, bytes=7)
    assert told.ignored == 3
    assert told.known == Portion()
    assert told.folders == (SubFolder(path="plate", files=2, bytes=5000), SubFolder(path=".", files=1, bytes=1000))


def test_looking_takes_nothing(full: Settings) -> None:
    only(full)
    assert not full.oem_layout.journal.exists()


def test_the_time_rests_on_a_sample_and_on_the_cap(full: Settings) -> None:
    free = only(full).estimate
    assert free is not None
    assert free.send_s is None
    assert "no cap" in free.assumption
    capped = only(full.model_copy(update={"oem": full.oem.model_copy(update={"max_mb_per_s": 0.0001})})).estimate
    assert capped is not None
    assert capped.seconds == capped.send_s == pytest.approx(60.0)
    assert "0.0001 MB/s" in capped.assumption


def test_beside_a_watcher_it_says_what_is_new_since(full: Settings, root: Path) -> None:
    with TestClient(create(full)) as client:
        until(lambda: client.get("/api/v2/status").json()["folders"][0]["found"] == 3)
        (root / "A01.tif").rename(root / "A01.moved")
        (root / "next.tmp").write_bytes(b"x" * 500)
        (root / "old.tif").write_bytes(b"y" * 400)
        until(lambda: client.get("/api/v2/status").json()["folders"][0]["found"] == 5)
        answer = client.get("/api/v2/preview", params={"folder": "input"}).json()["folders"][0]
    (root / "later.tif").write_bytes(b"z" * 123)
    assert (answer["first"], answer["take"]["files"], answer["known"]["files"]) == (False, 0, 4)
    told = only(full)  # read from the journal, with nothing running
    assert (told.take, told.known.files, told.left_out.files) == (Portion(files=1, bytes=123), 4, 0)


def test_another_name_is_refused_with_the_right_ones(full: Settings) -> None:
    with pytest.raises(NotFound) as caught:
        preview(full, "plates")
    assert "input" in caught.value.next_step
    with TestClient(create(full)) as client:
        answer = client.get("/api/v2/preview", params={"folder": "plates"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_folder_that_is_away_says_so_and_the_others_are_looked_at(full: Settings, tmp_path: Path) -> None:
    away = WatchedFolder(name="away", path=tmp_path / "away")
    first, second = preview(with_folders(full, away, full.folders[0])).folders
    assert "can't be reached" in first.unreachable
    assert second.take.files == 3


def test_progress_is_told_while_it_looks(full: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("file_watcher.preview.LOOKS", 2)
    heard: list[tuple[str, int]] = []
    preview(full, heard=lambda name, files: heard.append((name, files)))
    assert heard == [("input", 2), ("input", 4)]


class TestCommand:
    @pytest.fixture
    def config(self, full: Settings, tmp_path: Path) -> Path:
        file = tmp_path / "labrelay.json"
        file.write_text(full.model_dump_json(), encoding="utf-8")
        return file

    def run(self, config: Path, *words: str) -> str:
        result = CliRunner().invoke(app, ["preview", *words, "--config", str(config)])
        assert result.exit_code == 0, result.output
        return result.stdout

    def test_people_read_lines(self, config: Path) -> None:
        text = " ".join(self.run(config).split())
        assert "to take 3 files, 6.0 kB" in text
        assert "plate: 2 files, 5.0 kB" in text
        assert "left out 1 files, 400 bytes, until they change (existing = since 2026-01-01)" in text
        assert re.search(r"time about \d+ s: reading and hashing runs at", text)

    def test_programs_read_json(self, config: Path) -> None:
        told = json.loads(self.run(config, "--folder", "input", "--json"))
        assert told["folders"][0]["take"] == {"files": 3, "bytes": 6000}


def test_a_first_look_at_many_files_is_worth_one_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    look = {"files": MANY + 2, "taken": 0, "hashed": 0, "of": MANY + 1, "bytes_left": 5_000_000}
    answers = iter(({"name": "input", "first_look": None}, {"name": "input", "first_look": look}))
    notice = Notice(settings)
    assert notice.lines() == []  # nobody answers yet
    monkeypatch.setattr(Notice, "_folders", lambda _: [next(answers)])
    monkeypatch.setattr("labrelay.cli.notice.LOOK_S", 0.0)
    notice = Notice(settings)
    assert notice.lines() == []
    (line,) = notice.lines()
    assert "10,001 of them new (5.0 MB)" in line
    assert notice.lines() == []


@pytest.mark.parametrize(("number", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1.5e9, "1.5 GB"), (2e12, "2.0 TB")])
def test_amounts_have_units(number: float, text: str) -> None:
    assert amount(number) == text
