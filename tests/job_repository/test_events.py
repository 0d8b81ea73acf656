"""Live events over a real server: numbered, and resumed after the last one that a client saw."""

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from job_repository.app import create
from labrelay.settings import Settings
from tests.background import served

BODY = {"instrument": "reader1", "folder": "input", "size": 3, "sha256": "a" * 64}


@pytest.fixture
def url(settings: Settings, redis_url: str) -> Iterator[str]:
    with served(create(settings), settings.ports.job_repository) as address:
        yield address


def announce(url: str, path: str) -> None:
    httpx.post(f"{url}/api/v2/captures", json={**BODY, "path": path}).raise_for_status()


def read(url: str, count: int, **options: Any) -> list[dict[str, Any]]:
    """The first `count` events of a stream; checks that each `id` is the event's number."""
    found: list[dict[str, Any]] = []
    number = ""
    with httpx.stream("GET", f"{url}/api/v2/events", timeout=30, **options) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            number = line.removeprefix("id: ") if line.startswith("id: ") else number
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                assert str(found[-1]["seq"]) == number
            if len(found) == count:
                return found
    return found


def test_a_client_goes_on_after_the_last_event_that_it_saw(url: str) -> None:
    for name in ("a", "b", "c"):
        announce(url, name)
    first = read(url, 1, params={"since": 0})
    rest = read(url, 2, headers={"Last-Event-ID": str(first[0]["seq"])})
    assert [event["path"] for event in first + rest] == ["a", "b", "c"]
    assert {event["step"] for event in rest} == {"created"}


def test_a_new_client_hears_what_happens_from_now_on(url: str) -> None:
    announce(url, "before")
    httpx.get(f"{url}/api/v2/summary")
    timer = threading.Timer(0.5, announce, (url, "after"))
    timer.start()
    assert [event["path"] for event in read(url, 1)] == ["after"]
    timer.join()


def test_closing_the_client_leaves_the_service_well(url: str) -> None:
    with contextlib.suppress(httpx.ReadTimeout), httpx.stream("GET", f"{url}/api/v2/events", timeout=0.2) as answer:
        for _ in answer.iter_lines():
            pass
    assert httpx.get(f"{url}/readyz").status_code == 200
