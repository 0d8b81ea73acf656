"""Wanted inputs reach the gateway whole; what can't be sent is told, never guessed."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import file_sender.oem.app
import file_watcher.app
from file_sender.oem import rests
from labrelay.contracts.jobs import Source
from labrelay.contracts.states import Stage
from labrelay.settings import Settings
from labrelay.settings.model import Storage, WatchedFolder
from tests.dead_share import dead
from tests.file_receiver.doubles import Repository, capture_of, gateway, job_of, served, with_edge
from tests.file_receiver.relay import Relay
from tests.polling import until

DATA = os.urandom(3_000_000)


@contextlib.contextmanager
def sending(settings: Settings) -> Iterator[str]:
    with served(file_sender.oem.app.create(settings), settings.ports.file_sender_oem) as url:
        yield url


@pytest.fixture
def root(settings: Settings) -> Path:
    return settings.folders[0].path


def wanted(repository: Repository, root: Path, path: str, data: bytes = DATA) -> Source:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return repository.want(capture_of(path, data))


def stage(repository: Repository, source: Source) -> Stage:
    return repository.stage(job_of(source, Stage.READY).id)


def is_ready(repository: Repository, source: Source) -> bool:
    return stage(repository, source) is Stage.READY


def blob(settings: Settings, source: Source) -> bytes:
    return settings.gateway_layout.input_blob(source.instrument, source.sha256).read_bytes()


def resting(url: str) -> dict[str, str]:
    found: dict[str, str] = requests.get(f"{url}/api/v2/status", timeout=5).json()["resting"]
    return found


def test_wanted_inputs_arrive_and_stay_where_they_are(settings: Settings, repository: Repository, root: Path) -> None:
    sources = [wanted(repository, root, f"plate/{n}.tif", os.urandom(n * 1000)) for n in range(20)]
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.tif")}
    with sending(settings):
        until(lambda: all(is_ready(repository, source) for source in sources))
    for source in sources:
        assert blob(settings, source) == (root / source.path).read_bytes()
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.tif")} == before


def test_an_upload_that_is_cut_resumes_and_sends_the_rest_only(
    settings: Settings, repository: Repository, root: Path
) -> None:
    source = wanted(repository, root, "a.tif", os.urandom(30_000_000))
    with Relay(settings.ports.edge, cut_up=20_000_000) as relay, sending(with_edge(settings, relay.url)):
        until(lambda: is_ready(repository, source))
        assert relay.cuts_left == 0
        assert relay.passed["up"] < 45_000_000
    assert blob(settings, source) == (root / "a.tif").read_bytes()


@pytest.mark.parametrize("change", [b"x", b"", b"x" * len(DATA), DATA + b"more"])
def test_a_file_that_has_changed_is_superseded_and_never_stored(
    settings: Settings, repository: Repository, root: Path, change: bytes
) -> None:
    source = wanted(repository, root, "a.tif")
    (root / "a.tif").write_bytes(change)
    with sending(settings):
        until(lambda: stage(repository, source) is Stage.SUPERSEDED)
    assert repository.troubles[source.capture_id].code == "input_changed"
    assert not settings.gateway_layout.input_blob("oem", source.sha256).exists()


def test_a_file_that_changes_while_it_is_sent_never_arrives_whole(
    settings: Settings, repository: Repository, root: Path
) -> None:
    source = wanted(repository, root, "a.tif", os.urandom(30_000_000))
    with Relay(settings.ports.edge, cut_up=20_000_000) as relay, sending(with_edge(settings, relay.url)):
        until(lambda: relay.cuts_left == 0)
        with (root / "a.tif").open("rb+") as stream:
            stream.write(b"changed in its first bytes")
        until(lambda: source.capture_id in repository.troubles or is_ready(repository, source))
    # The resumed upload sent other bytes only if it had read them after the change; then it must have noticed.
    assert stage(repository, source) is Stage.SUPERSEDED


def test_a_file_that_is_gone_is_told_after_a_while(
    settings: Settings, repository: Repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rests.PATIENCE_S, "input_missing", 0.4)
    source = repository.want(capture_of("gone.tif", DATA))
    with sending(settings) as url:
        until(lambda: resting(url))
        assert source.capture_id not in repository.troubles
        until(lambda: stage(repository, source) is Stage.FAILED)
    assert repository.troubles[source.capture_id].code == "input_missing"


def test_a_file_that_comes_back_in_time_is_sent(settings: Settings, repository: Repository, root: Path) -> None:
    source = repository.want(capture_of("late.tif", DATA))
    with sending(settings) as url:
        until(lambda: resting(url))
        (root / "late.tif").write_bytes(DATA)
        until(lambda: is_ready(repository, source))
    assert not repository.troubles


def test_a_folder_that_is_away_is_waited_for_and_says_nothing_about_its_files(
    settings: Settings, repository: Repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rests.PATIENCE_S, "input_missing", 0.0)
    source = wanted(repository, root, "a.tif")
    away = root.with_name("away")
    shutil.move(root, away)
    with sending(settings) as url:
        cause = until(lambda: resting(url))[source.capture_id]
        assert "not there" in cause
        shutil.move(away, root)
        requests.post(f"{url}/api/v1/retry", timeout=5).raise_for_status()
        until(lambda: is_ready(repository, source))
    assert not repository.troubles


def test_a_share_that_is_away_when_the_sender_starts_says_nothing_about_its_files(
    settings: Settings, repository: Repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mount point stands there, empty; only the watcher's journal tells it from the folder itself."""
    monkeypatch.setitem(rests.PATIENCE_S, "input_missing", 0.0)
    source = wanted(repository, root, "a.tif")
    watch, port = file_watcher.app.create, settings.ports.file_watcher
    with served(watch(settings), port) as watcher:
        until(lambda: requests.get(f"{watcher}/api/v2/status", timeout=5).json()["folders"][0]["found"])
    away = root.with_name("away")
    shutil.move(root, away)
    root.mkdir()
    with served(watch(settings), port) as watcher:
        requests.post(f"{watcher}/api/v2/scan", timeout=5).raise_for_status()
        with sending(settings) as url:
            assert "is its share mounted" in until(lambda: resting(url))[source.capture_id]
            root.rmdir()
            shutil.move(away, root)
            requests.post(f"{url}/api/v1/retry", timeout=5).raise_for_status()
            until(lambda: is_ready(repository, source))
    assert not [each for each in repository.troubles.values() if each.code == "input_missing"]


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "a/../../secret.txt", "link/secret.txt"])
def test_a_path_that_leads_out_of_the_folder_is_never_sent(
    settings: Settings, repository: Repository, root: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rests.PATIENCE_S, "input_unreadable", 0.0)
    (root.parent / "secret.txt").write_bytes(DATA)
    (root / "link").symlink_to(root.parent, target_is_directory=True)
    source = repository.want(capture_of(path, DATA))
    with sending(settings):
        until(lambda: stage(repository, source) is Stage.FAILED)
    assert repository.troubles[source.capture_id].code == "input_unreadable"
    assert not list((settings.gateway_layout.root).rglob(source.sha256))


def test_inputs_wait_while_the_gateway_is_away(settings: Settings, root: Path) -> None:
    with sending(settings), gateway(settings) as repository:
        source = wanted(repository, root, "a.tif")
        until(lambda: is_ready(repository, source))


def test_inputs_wait_while_the_gateway_s_disk_is_full(settings: Settings, root: Path) -> None:
    full = settings.model_copy(update={"storage": Storage(keep_free_bytes=1 << 60)})
    with sending(settings) as url:
        with gateway(full) as repository:
            source = wanted(repository, root, "a.tif")
            status = until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json()["gateway"])
            assert "storage full" in status
            assert not is_ready(repository, source)
            assert {trouble.code for trouble in repository.troubles.values()} <= {"input_waits"}
        with gateway(settings) as again:
            again.want(source)
            until(lambda: is_ready(again, source))


def test_aicsd_s_calls_are_accepted(settings: Settings) -> None:
    with sending(settings) as url:
        assert requests.post(f"{url}/api/v1/dataToHandle", json={"Id": "x"}, timeout=5).status_code == 200
        assert requests.post(f"{url}/api/v1/retry", timeout=5).status_code == 200


def test_a_folder_on_a_share_that_hangs_holds_up_no_other(settings: Settings, repository: Repository) -> None:
    (settings.data / "share").mkdir(parents=True)
    share = WatchedFolder(name="share", path=settings.data / "share")
    both = settings.oem.model_copy(update={"folders": (share, settings.folders[0])})
    with contextlib.ExitStack() as stack:
        give_up = stack.enter_context(dead(share.path))
        for number in range(40):
            repository.want(capture_of(f"S{number:02d}.tif", b"%d" % number, folder="share"))
        late = wanted(repository, settings.folders[0].path, "A01.tif")
        stack.callback(give_up)
        stack.enter_context(sending(settings.model_copy(update={"oem": both})))
        until(lambda: is_ready(repository, late))
        give_up()
