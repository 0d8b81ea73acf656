"""Reads what needs somebody, and what is being mended, from the public API."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.pictures import overlay_url
from dashboard.quantities import NS
from labrelay.contracts.actions import Action, ActionJobPage, ActionPage
from labrelay.contracts.failures import Failures
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import Task
from labrelay.contracts.tiles import MOST_TILES, Tile, TilePage
from labrelay.http import Client

MENDINGS: Final = 5
RECENT_NS: Final = 24 * 3600 * NS
MENDS: Final = frozenset({"retry", "reprocess"})
NEEDS: Final = frozenset({Stage.FAILED, Stage.UNMATCHED})


@dataclass(frozen=True)
class Mending:
    """An act on many jobs that was begun to mend them, and what has become of these.

    Attributes:
        known: how many of its jobs `moving`, `fixed` and `failed` tell of; the first ones of a large act.
        moving: on their way, or not come to yet.
        failed: need somebody again.
    """

    action: Action
    known: int
    moving: int
    fixed: int
    failed: int


@dataclass(frozen=True)
class Inbox:
    """Everything on the page; `pictures` are addresses of overlays by the job's id."""

    failures: Failures
    mendings: tuple[Mending, ...]
    tasks: dict[str, Task]
    pictures: dict[str, str]


def read_inbox(client: Client) -> Inbox:
    """What needs somebody now, and what is being mended.

    Raises:
        ServiceUnavailable: the repository doesn't answer.
    """
    found = read_failures(client)
    samples = [tile.id for group in found.items for tile in group.sample]
    return Inbox(
        found, read_mendings(client), {task.id: task for task in read_tasks(client)}, _pictures(client, samples)
    )


def read_failures(client: Client) -> Failures:
    """What needs somebody now."""
    return Failures.model_validate(client.get("/api/v2/failures"), extra="ignore")


def read_tasks(client: Client) -> list[Task]:
    """All tasks, in the order of matching."""
    return [Task.model_validate(each, extra="ignore") for each in client.get("/api/v2/tasks")["items"]]


def read_jobs(client: Client, wanted: JobFilter, limit: int) -> list[Job]:
    """The newest jobs that a filter takes."""
    items = client.get("/api/v2/jobs", params=[*wanted.pairs, ("limit", str(limit))])["items"]
    return [Job.model_validate(each, extra="ignore") for each in items]


def read_mendings(client: Client) -> tuple[Mending, ...]:
    """The newest acts that were begun to mend something."""
    told = ActionPage.model_validate(client.get("/api/v2/actions", params={"limit": 20}), extra="ignore")
    since_ns = time.time_ns() - RECENT_NS
    begun = [each for each in told.items if each.action in MENDS and each.started_ns > since_ns]
    return tuple(_mending(client, each) for each in begun[:MENDINGS])


def _mending(client: Client, action: Action) -> Mending:
    told = client.get(f"/api/v2/actions/{action.id}/jobs", params={"limit": MOST_TILES})
    items = ActionJobPage.model_validate(told, extra="ignore").items
    states = Counter(map(_state, _tiles(client, [each.job_id for each in items if each.outcome == "done"])))
    coming = sum(each.outcome == "waiting" for each in items) if action.state == "running" else 0
    known = sum(states.values()) + coming
    return Mending(action, known, states["moving"] + coming, states["fixed"], states["failed"])


def _state(tile: Tile) -> str:
    if not tile.final:
        return "moving"
    return "failed" if tile.stage in NEEDS else "fixed"


def _tiles(client: Client, ids: Sequence[str]) -> tuple[Tile, ...]:
    if not ids:
        return ()
    told = client.get("/api/v2/jobs/tiles", params={"ids": ",".join(ids)})
    return TilePage.model_validate(told, extra="ignore").items


def _pictures(client: Client, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    jobs = read_jobs(client, JobFilter(job=tuple(ids)), len(ids))
    return {job.id: url for job in jobs if (url := overlay_url(job))}
