"""What people are told while something is wrong: the states of all services, and the jobs that wait or failed."""

import json
import time
from collections.abc import Iterator
from typing import Any

from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.supervisor import GATEWAY, OEM
from tests.faults.system import TwoSides

STATES = ("file_watcher", "data_organizer", "file_sender_oem", "file_receiver_oem")


def told(sides: TwoSides) -> str:
    """All that services and open or failed jobs say now, as one text."""
    oem, gateway = sides.oem.settings, sides.gateway.settings
    states = [_answer(oem, port, "/api/v2/status") for port in STATES]
    ready = [
        _answer(settings, port, "/readyz")
        for settings, side in ((oem, OEM), (gateway, GATEWAY))
        for port in _ports(side)
    ]
    jobs = _answer(gateway, "job_repository", "/api/v2/jobs?limit=200")
    return "\n".join([*states, *ready, jobs, *_jobs_words(jobs)])


def await_words(sides: TwoSides, seconds: float, *words: str) -> None:
    """Wait until somebody says all of these words; else the harness hears of the silence."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        heard = told(sides).lower()
        if all(word.lower() in heard for word in words):
            return
        time.sleep(0.5)
    sides.unsaid.append(f"nobody said {', '.join(words)} within {seconds:g} s: {heard[:2_000]}")


def _ports(side: dict[str, tuple[str, str]]) -> list[str]:
    return [port for _, port in side.values()]


def _answer(settings: Settings, port: str, path: str) -> str:
    try:
        return json.dumps(Client(settings.service_url(port), retries=0).get(path, read_s=3), ensure_ascii=False)
    except LabrelayError as error:
        return f"{port}: {error.cause}"


def _jobs_words(text: str) -> Iterator[str]:
    try:
        items: list[dict[str, Any]] = json.loads(text)["items"]
    except (ValueError, KeyError, TypeError):
        return
    for job in items:
        yield f"{job['source']['path']} {job['stage']} {job['overdue']} {job['failure'] or ''}"
