"""Work goes on in many threads while the live store loses everything, again and again: each job ends complete, once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from job_repository.record.audit_verification import Verification
from job_repository.repository import Repository
from labrelay.contracts.captures import Announcement
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job, PipelineReport
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.contracts.tasks import TaskDraft
from labrelay.contracts.transitions import AnyStep, ClaimJob, FinishJob, LaunchJob, ReportJob
from labrelay.errors import Conflict, NotFound, ServiceUnavailable
from labrelay.settings import Settings

REPORT = PipelineReport(status=PipelineStatus.COMPLETE, results="CellCount, 598")
CAPTURES = 24


@pytest.fixture
def repo(settings: Settings, redis_url: str) -> Iterator[Repository]:
    repository = Repository(settings)
    repository.open()
    yield repository
    repository.close()


def patiently(call: Any) -> Any:
    """As every caller does: what is unavailable is asked for again."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return call()
        except (ServiceUnavailable, NotFound):
            time.sleep(0.02)
    raise AssertionError("it stays unavailable")


def next_step(job: Job) -> AnyStep | None:
    steps: dict[Stage, AnyStep] = {
        Stage.READY: LaunchJob(epoch=job.epoch),
        Stage.LAUNCHED: ClaimJob(epoch=job.epoch, worker="w", lease_s=9),
        Stage.PROCESSING: ReportJob(epoch=job.epoch, attempt=job.attempt, report=REPORT),
        Stage.REPORTED: FinishJob(epoch=job.epoch, attempt=job.attempt, status=REPORT.status),
    }
    return steps.get(job.stage)


def whole_life(repo: Repository, number: int) -> str:
    """Until the record holds the end, as the OEM side's journal keeps a capture open until then."""
    told = Announcement(instrument="i", folder="f", path=f"{number}.tif", size=1, sha256=f"{number:064x}")
    capture = patiently(lambda: repo.captures.announce(told))
    (job_id,) = capture.jobs
    while not repo.captures.store.ended(capture.capture_id):
        job = patiently(lambda: repo.jobs.get(job_id))
        if job.stage is Stage.AWAITING_INPUT:
            patiently(lambda: repo.captures.stored(capture.capture_id, 1, told.sha256))
        elif step := next_step(job):
            try_step(repo, job_id, step)
    return str(job_id)


def try_step(repo: Repository, job_id: str, step: AnyStep) -> None:
    try:
        patiently(lambda: repo.jobs.step(job_id, step))
    except Conflict:  # lost with the epoch that it belonged to: read again and decide again
        return


def test_nothing_is_lost_or_doubled(repo: Repository, redis_url: str) -> None:
    repo.tasks.create(TaskDraft(description="d", selector=True, pipeline="nuclei"), "test")
    with ThreadPoolExecutor(8) as pool, redis.Redis.from_url(redis_url) as store:
        lives = [pool.submit(whole_life, repo, number) for number in range(CAPTURES)]
        for _ in range(4):
            time.sleep(0.3)
            store.flushall()
        job_ids = {life.result(timeout=120) for life in lives}
    jobs, _ = repo.queries.jobs(JobFilter(), 1000, None)
    assert {job.id for job in jobs} == job_ids
    assert len(job_ids) == CAPTURES
    assert {job.stage for job in jobs} == {Stage.COMPLETE}
    assert Verification(repo.record, repo.audit.signer).verify().intact
