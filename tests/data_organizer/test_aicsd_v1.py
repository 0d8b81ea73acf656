"""notifyNewFile and retry as AiCSD's clients know them."""

import os
from typing import Any

import pytest
from fastapi.testclient import TestClient

from data_organizer.app import create
from labrelay.settings import Settings
from tests.data_organizer.conftest import Side
from tests.data_organizer.gateway import Gateway
from tests.polling import until


def job(settings: Settings, name: str = "r3.tif", **members: Any) -> dict[str, Any]:
    file = {
        "Hostname": "oem",
        "DirName": str(settings.folders[0].path) + os.sep,
        "Name": name,
        "Extension": ".tif",
        "Attributes": {"Operator": "Ada"},
    }
    return {"InputFile": {**file, **members}}


@pytest.fixture
def alone(ruled: Settings) -> TestClient:
    """The routes without the loops; neither watcher nor gateway answers."""
    return TestClient(create(ruled))


@pytest.fixture
def written(side: Side, gateway: Gateway) -> Side:
    (side.folder / "r3.tif").write_bytes(b"pixels")
    return side


def test_a_new_file_is_announced_once_though_the_watcher_finds_it_too(written: Side, gateway: Gateway) -> None:
    assert written.v1("notifyNewFile", job(written.settings)).status_code == 200
    until(lambda: written.states() == ["open"])
    assert len(gateway.captures) == 1


def test_attributes_of_the_call_and_of_the_name_are_merged(side: Side, gateway: Gateway) -> None:
    (side.folder / "r3.tmp").write_bytes(b"pixels")
    assert side.v1("notifyNewFile", job(side.settings, "r3.tmp", Extension=".tmp")).status_code == 200
    said = gateway.captures[0][1].attributes
    assert said == {"LabName": "ScienceLab", "row": "3", "Operator": "Ada", "test": "false"}


def test_a_file_that_no_task_takes_gets_204(written: Side, gateway: Gateway) -> None:
    gateway.matched = False
    assert written.v1("notifyNewFile", job(written.settings)).status_code == 204


def test_a_file_that_was_processed_before_gets_208(written: Side, gateway: Gateway) -> None:
    gateway.end_at_once = True
    until(lambda: written.states() == ["closed"])
    assert written.v1("notifyNewFile", job(written.settings)).status_code == 208
    assert len(gateway.captures) == 1


def test_a_changed_file_follows_its_forerunner(written: Side, gateway: Gateway) -> None:
    until(lambda: written.states() == ["open"])
    (written.folder / "r3.tif").write_bytes(b"other pixels")
    assert written.v1("notifyNewFile", job(written.settings)).status_code == 200
    until(lambda: written.states() == ["open"] * 2)
    assert [said.predecessor for _, said in gateway.captures] == [None, gateway.captures[0][0]]


@pytest.mark.parametrize(
    "members",
    [
        {"Hostname": ""},
        {"Extension": ""},
        {"Name": ""},
        {"DirName": ""},
        {"Hostname": "another"},
        {"Name": "../r3.tif"},
        {"DirName": "/etc/"},
    ],
)
def test_a_wrong_file_is_refused_with_400_and_a_reason(
    alone: TestClient, ruled: Settings, members: dict[str, str]
) -> None:
    (ruled.folders[0].path / "r3.tif").write_bytes(b"pixels")
    answer = alone.post("/api/v1/notifyNewFile", json=job(ruled, **members))
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (400, "text/plain")
    assert answer.text.strip()


def test_a_missing_file_gets_500(alone: TestClient, ruled: Settings) -> None:
    assert alone.post("/api/v1/notifyNewFile", json=job(ruled, "missing.tif")).status_code == 500


def test_a_body_that_is_no_job_gets_500(alone: TestClient) -> None:
    assert alone.post("/api/v1/notifyNewFile", json=[1]).status_code == 500


def test_retry_without_a_watcher_gets_500(alone: TestClient) -> None:
    assert alone.post("/api/v1/retry").status_code == 500


def test_a_silent_gateway_gets_400(written: Side, gateway: Gateway) -> None:
    gateway.stop()
    assert written.v1("notifyNewFile", job(written.settings)).status_code == 400


def test_retry_looks_again(side: Side, gateway: Gateway) -> None:
    assert side.v1("retry").status_code == 200
