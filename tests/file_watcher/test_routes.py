"""The journal over HTTP, as the data organizer and the dashboard meet it."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from file_watcher.app import create
from file_watcher.folder import CLOSES_ARE_HEARD
from labrelay.settings import Settings
from tests.file_watcher.conftest import changed
from tests.polling import until

CAPTURE = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.folders[0].path


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    chosen = changed(settings, attributes={"LabName": "ScienceLab"}, must_match=True)
    with TestClient(create(chosen)) as client:
        yield client


def test_a_pending_entry_has_all_that_an_announcement_needs(client: TestClient, folder: Path) -> None:
    (folder / "plate").mkdir()
    (folder / "plate" / "A01.tif").write_bytes(b"pixels")
    page = client.get("/api/v2/journal/pending", params={"wait": 10}).json()
    assert (page["epoch"], page["cursor"], page["feed_epoch"]) == (None, 0, None)
    entry = page["entries"][0]
    assert entry.pop("modified_ns") == (folder / "plate" / "A01.tif").stat().st_mtime_ns
    assert entry == {
        "id": 1,
        "folder": "input",
        "path": "plate/A01.tif",
        "size": 6,
        "sha256": hashlib.sha256(b"pixels").hexdigest(),
        "predecessor": None,
        "capture_id": None,
        "directory": str(folder / "plate") + os.sep,
        "attributes": {"LabName": "ScienceLab"},
        "must_match": True,
    }


def test_pending_answers_as_soon_as_a_file_is_finished(client: TestClient, folder: Path) -> None:
    writer = threading.Timer(0.3, lambda: (folder / "A01.tif").write_bytes(b"pixels"))
    writer.start()
    begun = time.monotonic()
    page = client.get("/api/v2/journal/pending", params={"wait": 30}).json()
    assert len(page["entries"]) == 1
    assert time.monotonic() - begun < 20


def test_pending_answers_empty_when_its_time_is_over(client: TestClient) -> None:
    assert client.get("/api/v2/journal/pending", params={"wait": 0.1}).json()["entries"] == []


def test_an_entry_goes_from_pending_to_open_to_closed(client: TestClient, folder: Path) -> None:
    (folder / "A01.tif").write_bytes(b"pixels")
    entry = client.get("/api/v2/journal/pending", params={"wait": 10}).json()["entries"][0]
    taken = [{"id": entry["id"], "capture_id": CAPTURE, "epoch": 3, "ended": False}]
    assert client.post("/api/v2/journal/accepted", json=taken).status_code == 204
    assert client.get("/api/v2/journal", params={"state": "open"}).json()["items"][0]["capture_id"] == CAPTURE
    ended = {"epoch": 3, "next": 8, "captures": [CAPTURE]}
    assert client.post("/api/v2/journal/ended", json=ended).status_code == 204
    assert client.get("/api/v2/journal", params={"path": "A01.tif"}).json()["items"][0]["state"] == "closed"
    page = client.get("/api/v2/journal/pending", params={"limit": 0}).json()
    assert page == {"epoch": 3, "cursor": 8, "feed_epoch": 3, "entries": []}


def test_a_refused_entry_shows_in_the_status_and_a_scan_lets_it_try_again(client: TestClient, folder: Path) -> None:
    (folder / "A01.tif").write_bytes(b"pixels")
    entry = client.get("/api/v2/journal/pending", params={"wait": 10}).json()["entries"][0]
    client.post("/api/v2/journal/refused", json=[{"id": entry["id"], "cause": "not allowed"}])
    status = client.get("/api/v2/status").json()
    assert (status["folders"][0]["refused"], status["refused"][0]["cause"]) == (1, "not allowed")
    assert client.post("/api/v2/scan").json() == {"scanned": 1}
    assert client.get("/api/v2/journal/pending").json()["entries"][0]["id"] == entry["id"]


def test_the_status_tells_each_folder(client: TestClient, folder: Path) -> None:
    (folder / "a.tmp").write_bytes(b"x")
    (folder / "A01.tif").write_bytes(b"pixels")
    client.get("/api/v2/journal/pending", params={"wait": 10})
    client.post("/api/v2/scan")
    status = client.get("/api/v2/status").json()["folders"][0]
    assert (status["completion"], status["observer"]) == ("close_write" if CLOSES_ARE_HEARD else "stable", "events")
    assert (status["watched"], status["found"], status["pending"], status["ignored"]) == (True, 1, 1, 1)
    folder.rename(folder.parent / "away")
    client.post("/api/v2/scan")
    assert "can't be reached" in client.get("/api/v2/status").json()["folders"][0]["unreachable"]


def test_the_status_tells_what_waits_and_for_what(settings: Settings, folder: Path) -> None:
    with TestClient(create(changed(settings, completion="marker", observer="polling", poll_s=0.1))) as client:
        for number in range(7):
            (folder / f"A0{number}.tif").write_bytes(b"pixels")
        client.post("/api/v2/scan")
        status = client.get("/api/v2/status").json()["folders"][0]
        assert (status["completion"], status["observer"], status["watched"]) == ("marker", "polling", False)
        assert (status["waiting"], len(status["waits"])) == (7, 5)
        assert status["waits"][0] == "A00.tif: waits for its marker A00.tif.done"


def test_an_empty_mount_point_shows_until_somebody_says_that_it_is_meant_so(settings: Settings, folder: Path) -> None:
    with TestClient(create(settings)) as client:
        (folder / "A01.tif").write_bytes(b"pixels")
        client.get("/api/v2/journal/pending", params={"wait": 10})
        client.post("/api/v2/scan")
        folder.rename(folder.parent / "away")
        folder.mkdir()
        client.post("/api/v2/scan")
        assert "is its share mounted" in client.get("/api/v2/status").json()["folders"][0]["unreachable"]
        client.post("/api/v2/scan", params={"emptied": True})
        assert client.get("/api/v2/status").json()["folders"][0]["unreachable"] == ""


def test_a_body_that_is_wrong_gets_a_problem_document(client: TestClient) -> None:
    answer = client.post("/api/v2/journal/accepted", json=[{"id": 1}])
    assert (answer.status_code, answer.json()["code"]) == (422, "unprocessable")


def test_the_app_watches_only_while_it_runs(settings: Settings, folder: Path) -> None:
    app = create(settings)
    assert not settings.oem_layout.journal.exists()
    with TestClient(app) as client:
        until(lambda: client.get("/api/v2/status").json()["folders"][0]["watched"])
