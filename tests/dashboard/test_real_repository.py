"""The dashboard against the real job repository, so that the double can't drift away from it."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
import requests
from fastapi.testclient import TestClient

from dashboard.app import create
from job_repository.app import create as create_repository
from labrelay.http import Client
from labrelay.settings import Settings
from tests.dashboard.double import served

pytestmark = pytest.mark.process


@pytest.fixture
def repository(settings: Settings, redis_url: str) -> Iterator[Client]:
    assert redis_url == settings.redis_url
    with served(create_repository(settings), settings.ports.job_repository):
        yield Client(settings.service_url("job_repository"))


def test_a_job_is_shown_fails_and_is_retried(settings: Settings, repository: Client) -> None:
    repository.post("/api/v2/tasks", {"description": "Count nuclei", "selector": True, "pipeline": "nuclei/count"})
    announced = {"instrument": "reader-1", "folder": "input", "path": "plate7/B07.tif", "size": 3}
    capture = repository.post("/api/v2/captures", {**announced, "sha256": sha256(b"abc").hexdigest()})
    (job_id,) = capture["jobs"]
    with TestClient(create(settings), headers={"Accept": "text/html"}) as dashboard:
        assert "1 instrument is running. Nothing needs you. 1 is on its way." in dashboard.get("/").text
        failure = {"code": "input_lost", "cause": "The share is gone.", "next_step": "Mount it.", "retryable": True}
        step = {"step": "fail", "epoch": capture["epoch"], "failure": failure}
        repository.post(f"/api/v2/jobs/{job_id}/transitions", {"step": step})
        page = dashboard.get(f"/jobs/{job_id}").text
        assert "The share is gone." in page
        assert "File announced" in page
        assert dashboard.post(f"/jobs/{job_id}/retry", follow_redirects=False).status_code == 303
        assert "Waits for the file" in dashboard.get(f"/jobs/{job_id}").text
        assert "by dashboard" in dashboard.get(f"/jobs/{job_id}").text


def test_a_job_says_which_files_of_its_set_it_waits_for(settings: Settings, repository: Client) -> None:
    task = {"description": "Count", "selector": True, "pipeline": "nuclei", "group": {"expect": [1, 2]}}
    repository.post("/api/v2/tasks", task)
    announced = {"instrument": "reader-1", "folder": "input", "path": "B07_w1.tif", "size": 3}
    attributes = {"well": "B07", "channel": 1}
    capture = repository.post(
        "/api/v2/captures", {**announced, "attributes": attributes, "sha256": sha256(b"abc").hexdigest()}
    )
    with TestClient(create(settings), headers={"Accept": "text/html"}) as dashboard:
        page = dashboard.get(f"/jobs/{capture['jobs'][0]}").text
    assert "Waits for channels 1 and 2 of well B07, at most 10 minutes longer; then the set fails." in page


def test_its_events_reach_an_open_page(settings: Settings, repository: Client) -> None:
    with served(create(settings), settings.ports.dashboard):
        url = settings.service_url("dashboard") + "/events"
        with requests.get(url, stream=True, timeout=20) as response:
            lines = response.iter_lines(chunk_size=None)
            next(line for line in lines if b'"fresh":true' in line.replace(b" ", b""))
            announced = {"instrument": "reader-1", "folder": "input", "path": "B07.tif", "size": 3}
            repository.post("/api/v2/captures", {**announced, "sha256": sha256(b"abc").hexdigest()})
            assert next(line for line in lines if line in (b"event: change", b"event: resync"))
