"""Absent OEM sides: a job that moves on between the list that names it and the look at it is passed over."""

from fastapi.testclient import TestClient

from job_repository.instruments.absence import REASONS, Absence
from job_repository.repository import Repository
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import FailJob
from tests.job_repository.conftest import add_task, announce, job_of
from tests.retention.test_any_order import FAILURE


class Slow:
    """The live store, of which somebody else fails a job just after its list was read."""

    def __init__(self, repo: Repository, leaving: str) -> None:
        self._repo = repo
        self._leaving = leaving
        self.seen: list[Stage] = []

    def standing(
        self, stages: tuple[Stage, ...], instrument: None, pipeline: None, limit: int
    ) -> tuple[int, list[Job]]:
        seq, listed = self._repo.live.standing(stages, instrument, pipeline, limit)
        self._repo.jobs.step(self._leaving, FailJob(epoch=listed[0].epoch, failure=FAILURE))
        found = self._repo.live.get_many([job.id for job in listed])
        self.seen = [job.stage for job in found.values()]
        return seq, [found[job.id] for job in listed if job.id in found]


def test_a_job_that_moved_on_meanwhile_is_passed_over_and_the_others_are_flagged(api: TestClient) -> None:
    add_task(api)
    (leaving,), (waiting,) = (announce(api, path=f"plate/{name}.tif")["jobs"] for name in "AB")
    repo: Repository = api.app.state.repository  # type: ignore[attr-defined]
    with repo.projector.turn_lock:  # else the failed job may leave the live store first
        live = Slow(repo, leaving)
        absence = Absence(live, repo.restorer, repo.clocks, repo.jobs, repo.pauses, 0.0)  # type: ignore[arg-type]
        absence.turn()
    assert Stage.FAILED in live.seen
    assert job_of(api, waiting)["overdue"] == REASONS[Stage.AWAITING_INPUT]
    assert (job_of(api, leaving)["stage"], job_of(api, leaving)["overdue"]) == ("failed", "")
