"""Watching single jobs of a running chain, through the repository's own API."""

from dataclasses import dataclass
from typing import Any, TypeVar

from labrelay.contracts.states import Stage
from labrelay.http.client import Client
from tests.polling import until

T = TypeVar("T")
WAY = [*Stage][: [*Stage].index(Stage.COMPLETE) + 1]
"""The stages of a job that goes well, in their order."""


@dataclass(frozen=True)
class Jobs:
    """The jobs of one gateway."""

    repository: Client

    def of(self, path: str) -> list[dict[str, Any]]:
        """Jobs whose path contains this, newest first."""
        items: list[dict[str, Any]] = self.repository.get("/api/v2/jobs", params={"path": path, "limit": "1000"})[
            "items"
        ]
        return items

    def steps(self, job_id: str, step: str) -> list[dict[str, Any]]:
        """The record's events of one kind."""
        events = self.repository.get(f"/api/v2/jobs/{job_id}/timeline")["events"]
        return [event for event in events if event["step"] == step]

    def reach(self, path: str, stage: Stage) -> Stage:
        """Wait until the one job of a file is at a stage or past it; the stage that was seen."""

        def look() -> Stage | None:
            jobs = self.of(path)
            seen = Stage(jobs[0]["stage"]) if jobs else None
            return seen if seen in WAY and WAY.index(seen) >= WAY.index(stage) else None

        return until(look, f"{path} at {stage}", pause_s=0.003) or stage

    def complete(self, paths: list[str]) -> bool:
        """Whether every file has jobs and all of them are complete."""
        return all((jobs := self.of(path)) and all(job["stage"] == "complete" for job in jobs) for path in paths)
