"""`/api/v2/plates`: what has arrived, what is finished, and the tables."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from job_repository.jobs.routes import Repo, Wait
from job_repository.plates.views import shown
from job_repository.repository import Repository
from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import FinishedPlates, Plate, PlateId, PlatePage
from labrelay.errors import NotFound, RequestRefused
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/plates", tags=["plates"])
TaskOf = Annotated[str | None, Query(description="needed where several tasks took the plate")]


class NoTableYet(NotFound):
    """The plate isn't finished yet, or no task took it."""

    code = "no_table_yet"
    default_next_step = "Wait for the event `plate_finished`, or look at the plate's state."


@routes.get("")
@allow(Role.VIEWER)
def plates(
    repo: Repo,
    instrument: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[int | None, Query(description="`next` of the page before")] = None,
    name: Annotated[str, Query(max_length=200, description="a part of the plate's name, letter case aside")] = "",
) -> PlatePage:
    """Plates, newest first."""
    repo.queries.catch_up()
    found = repo.plate_store.page(instrument, after, limit, name)
    return PlatePage(items=shown(repo.plate_store, found), next=found[-1].number if len(found) == limit else None)


@routes.get("/finished")
@allow(Role.VIEWER)
async def finished(
    repo: Repo, after: int | None = None, wait: Wait = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> FinishedPlates:
    """Editions of tables by their events' numbers: at once when there are any after `after` (without it: after now)."""
    known = repo.projector.position if after is None else after

    def look() -> FinishedPlates:
        nonlocal known  # while nothing comes, each look begins where the one before ended
        upto = repo.projector.position  # before the look: what is recorded meanwhile comes in the next
        answer = repo.plate_store.finished(known, upto, limit)
        known = answer.next
        return answer

    return await repo.polls.finished(look, wait)


@routes.get("/{plate_id}")
@allow(Role.VIEWER)
def plate(repo: Repo, plate_id: PlateId) -> Plate:
    """One plate."""
    repo.queries.catch_up()
    return shown(repo.plate_store, [repo.plate_store.get(plate_id)])[0]


@routes.post("/{plate_id}/close", status_code=202)
@allow(Role.OPERATOR)
def close(repo: Repo, plate_id: PlateId) -> Plate:
    """No more images come: its tables are made as soon as its jobs have ended, without waiting for a quiet time."""
    repo.queries.catch_up()
    repo.plates.close(plate_id)
    return shown(repo.plate_store, [repo.plate_store.get(plate_id)])[0]


@routes.get("/{plate_id}/table.csv", response_class=FileResponse)
@allow(Role.VIEWER)
def table(repo: Repo, plate_id: PlateId, task: TaskOf = None) -> FileResponse:
    """The newest table of all wells."""
    return _file(repo, plate_id, task, 0)


@routes.get("/{plate_id}/images.csv", response_class=FileResponse)
@allow(Role.VIEWER)
def images(repo: Repo, plate_id: PlateId, task: TaskOf = None) -> FileResponse:
    """The newest table of all images."""
    return _file(repo, plate_id, task, 1)


def _file(repo: Repository, plate_id: str, task_id: str | None, index: int) -> FileResponse:
    job = _table_job(repo, plate_id, task_id)
    output = job.outputs[index]
    headers = {"ETag": f'"{output.sha256}"', "X-Content-Type-Options": "nosniff", "X-Edition": str(job.attempt)}
    path = repo.editions.file_of(job, index)
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=output.name, headers=headers)


def _table_job(repo: Repository, plate_id: str, task_id: str | None) -> Job:
    repo.plate_store.get(plate_id)
    tasks = [task_id] if task_id else [each for each in repo.plate_store.tallies([plate_id])[plate_id] if each]
    if len(tasks) > 1:
        raise RequestRefused(f"Several tasks took this plate: {', '.join(tasks)}.", next_step="Name one with `task=`.")
    job = repo.editions.of(plate_id, tasks[0]) if tasks else None
    if job is None:
        raise NoTableYet("This plate has no table yet.")
    return job
