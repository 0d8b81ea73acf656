"""A step begins from the job as this process wrote it last; what is stored decides."""

from fastapi.testclient import TestClient

from job_repository.live.recent import Recent
from job_repository.repository import Repository
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import ClaimJob, MarkOverdue
from tests.job_repository.conftest import add_task, announce, job_of, stored, take


def launched(api: TestClient) -> str:
    add_task(api)
    capture = announce(api)
    stored(api, capture)
    (job_id,) = capture["jobs"]
    take(api, job_id, "launch")
    return str(job_id)


def repository_of(api: TestClient) -> Repository:
    repository: Repository = api.app.state.repository  # type: ignore[attr-defined]
    return repository


def remembered(repo: Repository, job_id: str) -> Job | None:
    return repo.live.recent.of(job_id, repo.live.epoch)


def test_a_step_on_a_job_that_another_process_changed_begins_from_what_is_stored(api: TestClient) -> None:
    job_id, repo = launched(api), repository_of(api)
    known = remembered(repo, job_id)
    assert known is not None
    overdue = MarkOverdue(epoch=known.epoch, reason="looked at from elsewhere")
    repo.live.commit(known, known.model_copy(update={"revision": 9, "launches": 5}), overdue.model_dump_json())
    repo.live.recent.note([known])  # as a process would know it that didn't write that
    claimed = repo.jobs.step(job_id, ClaimJob(epoch=known.epoch, worker="w", lease_s=5))
    assert (claimed.revision, claimed.launches) == (10, 5)
    assert job_of(api, job_id)["revision"] == 10


def test_a_step_that_was_carried_out_elsewhere_gets_its_answer(api: TestClient) -> None:
    job_id, repo = launched(api), repository_of(api)
    known = remembered(repo, job_id)
    assert known is not None
    step = ClaimJob(epoch=known.epoch, worker="w", lease_s=5)
    claimed = repo.jobs.step(job_id, step)
    repo.live.recent.note([known])
    assert repo.jobs.step(job_id, step) == claimed


def test_what_memory_would_refuse_is_looked_up_first(api: TestClient) -> None:
    job_id, repo = launched(api), repository_of(api)
    known = remembered(repo, job_id)
    assert known is not None
    repo.live.recent.note([known.model_copy(update={"stage": Stage.READY, "attempt": 3})])
    assert repo.jobs.step(job_id, ClaimJob(epoch=known.epoch, worker="w", lease_s=5)).stage == "processing"


def test_final_jobs_and_those_of_another_epoch_are_not_remembered(api: TestClient) -> None:
    job_id, repo = launched(api), repository_of(api)
    assert remembered(repo, job_id) is not None
    repo.live.epoch += 1
    assert remembered(repo, job_id) is None
    repo.live.epoch -= 1
    take(api, job_id, "cancel")
    assert remembered(repo, job_id) is None


def test_only_so_many_are_kept(api: TestClient) -> None:
    known = remembered(repository_of(api), launched(api))
    assert known is not None
    recent = Recent(kept=2)
    jobs = [known.model_copy(update={"id": str(number)}) for number in range(3)]
    recent.note(jobs)
    assert [recent.of(job.id, job.epoch) for job in jobs] == [None, *jobs[1:]]
