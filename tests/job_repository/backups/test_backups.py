"""Backing up a gateway that works, restoring it elsewhere, and what is refused."""

import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from job_repository.app import create
from job_repository.backups import archive
from job_repository.backups.errors import BackupBroken, BackupFailed, BackupTooNew, PlaceTaken
from job_repository.backups.making import back_up, last_backup
from job_repository.backups.manifest import NAME, Manifest
from job_repository.backups.restoring import checked, restore
from job_repository.backups.schedule import Schedule
from job_repository.record.models import Base
from job_repository.record.store import Record
from labrelay.processes import record_process
from labrelay.settings import Settings
from labrelay.settings.backup import Backup
from tests.job_repository.conftest import SHA_B, add_task, announce, announcement, job_of

Alter = Callable[[Path], None]


def moved(settings: Settings, tmp_path: Path) -> Settings:
    """Another gateway: its own data folder."""
    return settings.model_copy(update={"data": tmp_path / "elsewhere"})


def client(settings: Settings) -> TestClient:
    return TestClient(create(settings), client=("127.0.0.1", 40000), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a record without a gateway."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings(data=folder / "data")
    record = Record(settings.record_url)
    record.open()
    record.close()
    return Path(back_up(settings, folder).file)


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "bare")


def test_what_came_after_the_backup_is_announced_again_under_its_own_name(
    settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    with client(settings) as api:
        add_task(api)
        first = announce(api)
        backup = Path(back_up(settings, tmp_path / "backups", with_secrets=True).file)
        second = announce(api, path="plate/B1.tif", sha256=SHA_B)
        told = api.get("/api/v2/captures/ended", params={"instrument": "reader1", "epoch": first["epoch"]}).json()
        assert told["kept"] is None
    elsewhere = moved(settings, tmp_path)
    restore(elsewhere, backup)
    with client(elsewhere) as other:
        after = other.get("/api/v2/epoch").json()
        assert after["epoch"] > first["epoch"] + 100
        feed = {"instrument": "reader1", "epoch": first["epoch"], "after": 7, "wait": 30}
        assert other.get("/api/v2/captures/ended", params=feed).json()["kept"] == 0
        assert job_of(other, first["jobs"][0])["stage"] == "awaiting_input"
        again = announcement(path="plate/B1.tif", sha256=SHA_B, capture_id=second["capture_id"])
        answer = other.post("/api/v2/captures", json=again).json()
        assert (answer["capture_id"], answer["jobs"]) == (second["capture_id"], second["jobs"])
        stranger = announcement(path="plate/C1.tif", capture_id=first["capture_id"])
        assert other.post("/api/v2/captures", json=stranger).json()["capture_id"] != first["capture_id"]
        audit = other.get("/api/v2/audit/verify").json()
        assert (audit["intact"], len(audit["restores"])) == (True, 1), audit
    key = Path("gateway/secrets/audit.key")
    assert (elsewhere.data / key).read_text() == (settings.data / key).read_text()


def test_a_backup_is_its_owners_alone_and_keys_are_in_it_only_when_asked_for(bare: Settings, tmp_path: Path) -> None:
    secret = bare.model_copy(update={"redis": bare.redis.model_copy(update={"url": "redis://ada:lovelace@db:1/0"})})
    Record(bare.record_url).open()
    bare.gateway_layout.secrets.mkdir()
    (bare.gateway_layout.secrets / "audit.key").write_text("00" * 32)
    (bare.gateway_layout.switches).write_text('{"modes": {}, "first": ["P1"]}')
    plain, full = (
        Path(back_up(secret, tmp_path / f"{with_it}.tar.gz", with_secrets=with_it).file) for with_it in (False, True)
    )
    assert os.name == "nt" or stat.S_IMODE(plain.stat().st_mode) == 0o600
    assert "secrets/audit.key" not in archive.read_manifest(plain).files
    assert "secrets/audit.key" in archive.read_manifest(full).files
    for each, told in ((plain, False), (full, True)):
        archive.check(each, tmp_path / f"unpacked {told}")
        assert ("lovelace" in (tmp_path / f"unpacked {told}" / "settings.json").read_text()) is told
    elsewhere = moved(bare, tmp_path)
    restore(elsewhere, full)
    assert json.loads(elsewhere.gateway_layout.switches.read_text())["first"] == ["P1"]
    assert stat.S_IMODE((elsewhere.gateway_layout.secrets / "audit.key").stat().st_mode) == 0o600
    assert not list(tmp_path.rglob("*labrelay-part")) + list(tmp_path.rglob(".restore-*"))


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def nothing_in_it(file: Path) -> None:
    file.write_bytes(b"no backup")


def unpack(file: Path, folder: Path) -> None:
    """Member by member: the filters of `tarfile` came with Python 3.11.4."""
    with tarfile.open(file) as packed:
        for member in filter(tarfile.TarInfo.isfile, packed.getmembers()):
            content = packed.extractfile(member)
            assert content is not None
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())


def repacked(change: Callable[[dict[str, Any]], None]) -> Alter:
    """A backup with another manifest, well packed."""

    def alter(file: Path) -> None:
        folder = file.with_suffix(".unpacked")
        unpack(file, folder)
        told = json.loads((folder / NAME).read_text())
        change(told)
        (folder / NAME).write_text(json.dumps(told))
        with tarfile.open(file, "w:gz") as packed:
            for name in (NAME, *(name for name in told["files"] if (folder / name).is_file())):
                packed.add(folder / name, name)

    return alter


def lacks_a_file(told: dict[str, Any]) -> None:
    told["files"]["secrets/callback.key"] = told["files"]["settings.json"]


def leads_out(told: dict[str, Any]) -> None:
    told["files"]["../../evil"] = told["files"]["settings.json"]


@pytest.mark.parametrize(
    "alter", [flipped, cut, nothing_in_it, Path.unlink, repacked(lacks_a_file), repacked(leads_out)]
)
def test_a_broken_backup_is_refused_and_nothing_is_changed(
    made: Path, bare: Settings, tmp_path: Path, alter: Alter
) -> None:
    broken = Path(shutil.copy(made, tmp_path / "broken.tar.gz"))
    alter(broken)
    with pytest.raises(BackupBroken):
        checked(broken)
    with pytest.raises(BackupBroken):
        restore(bare, broken)
    assert list(bare.gateway_layout.root.iterdir()) == []


@pytest.mark.parametrize("newer", [{"form": 2}, {"revision": "9999"}])
def test_a_newer_backup_is_refused_with_the_version_that_made_it(
    made: Path, bare: Settings, tmp_path: Path, newer: dict[str, Any]
) -> None:
    file = Path(shutil.copy(made, tmp_path / "newer.tar.gz"))
    repacked(lambda told: told.update(newer))(file)
    with pytest.raises(BackupTooNew):
        restore(bare, file)
    assert list(bare.gateway_layout.root.iterdir()) == []


def test_a_record_that_is_there_stays_unless_a_person_insists_and_is_kept_then(made: Path, bare: Settings) -> None:
    record = Record(bare.record_url)
    record.open()
    with record.write() as connection:
        connection.execute(update(Base.metadata.tables["meta"]).values(value=77))
    record.close()
    with pytest.raises(PlaceTaken, match=r"record\.db"):
        restore(bare, made)
    aside = Path(restore(bare, made, force=True).aside)
    kept, now = Record(f"sqlite:///{(aside / 'record.db').as_posix()}"), Record(bare.record_url)
    assert (kept.number("epoch"), now.number("epoch") >= 1000) == (77, True)
    kept.close()
    now.close()


def test_two_restores_of_one_backup_begin_different_epochs(
    made: Path, bare: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = []
    for seconds in (0, 2):
        with monkeypatch.context() as later:
            now = Manifest.model_validate(checked(made)).made_ns + seconds * 10**9
            later.setattr("job_repository.backups.restoring.time.time_ns", lambda now=now: now)
            restore(bare, made, force=True)
        record = Record(bare.record_url)
        epochs.append(record.number("epoch"))
        record.close()
    assert epochs[1] > epochs[0] > 100


def test_a_running_gateway_is_not_restored_over(made: Path, bare: Settings) -> None:
    (bare.data / "run").mkdir(parents=True)
    record_process(bare.data / "run" / "supervisor.pid", os.getpid())
    with pytest.raises(PlaceTaken, match="runs on"):
        restore(bare, made)


def test_a_record_that_is_damaged_makes_no_backup(bare: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="no record"):
        back_up(bare, tmp_path / "backups")
    bare.gateway_layout.root.mkdir(parents=True)
    bare.gateway_layout.record.write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)
    with pytest.raises((BackupFailed, BackupBroken)):
        back_up(bare, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
    assert last_backup(bare.gateway_layout) is None


def test_the_schedule_backs_up_when_it_is_due_and_keeps_so_many(bare: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    settings = bare.model_copy(update={"backup": Backup(folder=folder, every_s=3600, keep=2)})
    Record(settings.record_url).open()
    folder.mkdir()
    for day in (1, 2, 3):
        old = folder / f"labrelay-2026010{day}T000000Z.tar.gz"
        old.touch()
        os.utime(old, (day, day))
    (folder / "labrelay-notes.txt").touch()
    schedule = Schedule(settings)
    schedule.turn()
    schedule.turn()
    names = sorted(file.name for file in folder.iterdir())
    assert (len(names), names[0], names[-1]) == (3, "labrelay-20260103T000000Z.tar.gz", "labrelay-notes.txt")
    assert checked(folder / names[1]).captures == 0
    assert schedule.told()["age_s"] < 600
