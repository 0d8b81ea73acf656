"""A plate whose files arrive channel by channel, and what a test does with the jobs of its sets."""

import hashlib
import itertools
import time
from dataclasses import dataclass
from typing import Any, Self

import redis
from fastapi.testclient import TestClient

from labrelay.settings import Settings
from tests.job_repository.conftest import SEALED, add_task, announce, job_of, receipt, report, take

WHOLE = ["joined", "ready", "joined"]
"""Channels 1, 2 and 3 of a whole set."""
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Plate:
    """One test's own plate on a repository that the tests of this file share."""

    api: TestClient
    settings: Settings
    name: str

    @classmethod
    def fresh(cls, api: TestClient, settings: Settings) -> Self:
        return cls(api, settings, f"plate{next(NUMBERS)}")

    def rule(self, **more: Any) -> None:
        """The one task waits for channels 2, 1 and 3; `more` changes its rule."""
        self.without_tasks()
        group = {"by": ["well", "field"], "over": "channel", "expect": [2, 1, 3], "deadline_s": 60, **more}
        add_task(self.api, group=group)

    def without_tasks(self) -> None:
        for task in self.api.get("/api/v2/tasks").json()["items"]:
            self.api.delete(f"/api/v2/tasks/{task['id']}")

    def path(self, channel: int, well: str = "A01") -> str:
        return f"{self.name}/{well}_w{channel}.tif"

    def digest(self, channel: int, content: str = "") -> str:
        return hashlib.sha256(f"{self.name} {channel} {content}".encode()).hexdigest()

    def announced(self, channel: int | None, well: str = "A01", content: str = "", **more: Any) -> dict[str, Any]:
        attributes = {"well": well, "field": 1} | ({} if channel is None else {"channel": channel})
        path, digest = self.path(channel or 0, well), self.digest(channel or 0, well + content)
        return announce(self.api, path, digest, attributes=attributes, **more)

    def arrive(self, channel: int | None, well: str = "A01", content: str = "", **more: Any) -> str:
        """A channel's file, announced and with its bytes in the store; its job."""
        digest = self.digest(channel or 0, well + content)
        capture = self.announced(channel, well, content, **more)
        blob = self.settings.gateway_layout.input_blob("reader1", digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(b"abc")
        url = f"/api/v2/captures/{capture['capture_id']}/stored"
        assert self.api.post(url, json={"size": 3, "sha256": digest}).status_code == 200
        job_id: str = capture["jobs"][0]
        return job_id

    def arrive_all(self, **more: Any) -> tuple[str, str, str]:
        """The jobs of channels 1, 2 and 3; that of channel 2 leads, as the rule names it first."""
        self.rule(**more)
        jobs = self.arrive(1), self.arrive(2), self.arrive(3)
        self.reach(WHOLE, *jobs)
        return jobs

    def lose_bytes(self, channel: int) -> None:
        self.settings.gateway_layout.input_blob("reader1", self.digest(channel, "A01")).unlink()

    def job(self, job_id: str) -> dict[str, Any]:
        return job_of(self.api, job_id)

    def capture(self, job_id: str) -> str:
        return str(self.job(job_id)["source"]["capture_id"])

    def stages(self, *jobs: str) -> list[str]:
        return [self.job(each)["stage"] for each in jobs]

    def reach(self, wanted: list[str], *jobs: str) -> None:
        end = time.monotonic() + 20
        while (seen := self.stages(*jobs)) != wanted:
            assert time.monotonic() < end, f"{seen} in place of {wanted}"
            time.sleep(0.01)

    def work(self, lead: str) -> None:
        """The lead as far as its return."""
        take(self.api, lead, "launch")
        attempt = take(self.api, lead, "claim", worker="w", lease_s=15)["attempt"]
        take(self.api, lead, "report", attempt=attempt, report=report())
        take(self.api, lead, "finish", attempt=attempt, status="PipelineComplete")
        take(self.api, lead, "seal", attempt=attempt, outputs=SEALED)

    def complete(self, lead: str) -> None:
        self.work(lead)
        take(self.api, lead, "receive", receipt=receipt(self.job(lead)))

    def act(self, job_id: str, action: str) -> dict[str, Any]:
        answer = self.api.post(f"/api/v2/jobs/{job_id}/{action}", json={"actor": "tester"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def lose_redis(self) -> None:
        self.api.get("/api/v2/summary")  # everything until now is in the record
        with redis.Redis.from_url(self.settings.redis_url) as client:
            client.flushall()
