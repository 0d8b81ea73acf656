"""What a deadline does to a job, by the table of docs/architecture.md."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.contracts.jobs import OwnedJob
from labrelay.contracts.states import OWNER_OF, Owner, Stage
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.settings.model import Launcher
from task_launcher.deadlines import Action, Deadlines, Fail, Overdue, Relaunch, decide
from task_launcher.jobs import Jobs
from tests.task_launcher.double import Repository, a_job, a_task

LAUNCHER = Launcher(lease_s=15, deadline_s=600, overdue_s=300, attempts=3)
OF_SETS = (Stage.GATHERING, Stage.JOINED)  # the repository itself looks after these
MINE = [stage for stage, owner in OWNER_OF.items() if owner is Owner.TASK_LAUNCHER and stage not in OF_SETS]
CARRIERS = st.sampled_from(["streams", "aicsd-redis", "aicsd-mqtt"])
ALIVE = st.sampled_from([True, False, None])
TIMES = st.one_of(st.floats(0, 2000), st.sampled_from([14.9, 15.1, 299.9, 300.1, 600.1, 615.1]))


def owned(
    stage: Stage, age_s: float, lease_left_s: float | None = None, claim_age_s: float | None = None, **more: Any
) -> OwnedJob:
    task = a_task(carrier=more.pop("carrier", "streams"), processing_deadline_s=more.pop("deadline_s", None))
    job = a_job(task, stage=stage, **{"launches": 1, "attempt": 1, **more})
    return OwnedJob(job=job, age_s=age_s, lease_left_s=lease_left_s, claim_age_s=claim_age_s)


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        (owned(Stage.READY, 299), None),
        (owned(Stage.READY, 301), Overdue),
        (owned(Stage.LAUNCHED, 301), Overdue),
        (owned(Stage.SEALING, 301), Overdue),
        (owned(Stage.PROCESSING, 50, 3, 50), None),
        (owned(Stage.PROCESSING, 50, -1, 50), Relaunch),
        (owned(Stage.PROCESSING, 50, -1, 50, launches=3), Fail),
        (owned(Stage.PROCESSING, 601, 10, 601), Relaunch),
        (owned(Stage.PROCESSING, 601, 10, 601, launches=3), Fail),
        (owned(Stage.PROCESSING, 31, 10, 31, deadline_s=30), Relaunch),
        (owned(Stage.PROCESSING, 601, 10, 601, deadline_s=900), None),
        (owned(Stage.REPORTED, 5, 10, 605), None),
        (owned(Stage.REPORTED, 16, 10, 616), Relaunch),
        (owned(Stage.REPORTED, 16, -1, 100), Relaunch),
        (owned(Stage.PROCESSING, 50, -1, 50, carrier="aicsd-redis"), None),
        (owned(Stage.REPORTED, 16, 500, 100, carrier="aicsd-redis"), Relaunch),
        (owned(Stage.RETURNING, 9999), None),
    ],
)
def test_the_table(job: OwnedJob, kind: type[Action] | None) -> None:
    action = decide(job, LAUNCHER, None)
    assert type(action) is (kind or type(None))


def test_the_failure_says_why_and_what_to_do() -> None:
    silent = decide(owned(Stage.PROCESSING, 50, -1, 50, launches=3, worker="w1"), LAUNCHER, True)
    slow = decide(owned(Stage.PROCESSING, 601, 10, 601, launches=3), LAUNCHER, True)
    assert isinstance(silent, Fail)
    assert isinstance(slow, Fail)
    assert (silent.failure.code, slow.failure.code) == ("pipeline_gave_no_answer", "processing_deadline")
    assert "w1" in silent.failure.cause
    assert "3 times" in silent.failure.cause
    assert silent.failure.retryable
    assert silent.failure.owner is Owner.TASK_LAUNCHER


def test_an_absent_pipeline_is_named() -> None:
    action = decide(owned(Stage.LAUNCHED, 301), LAUNCHER, False)
    assert action == Overdue("No pipeline listens on only-file.")


def test_a_launch_that_a_living_pipeline_does_not_take_is_sent_again() -> None:
    assert isinstance(decide(owned(Stage.LAUNCHED, 301), LAUNCHER, True), Relaunch)
    assert decide(owned(Stage.LAUNCHED, 299), LAUNCHER, True) is None
    assert isinstance(decide(owned(Stage.LAUNCHED, 301, carrier="aicsd-redis"), LAUNCHER, True), Overdue)


@given(
    st.sampled_from(list(Stage)),
    TIMES,
    st.none() | st.floats(-100, 100),
    st.none() | TIMES,
    st.integers(0, 5),
    CARRIERS,
    ALIVE,
)
def test_no_job_of_the_launcher_waits_for_ever(
    stage: Stage,
    age_s: float,
    lease: float | None,
    claimed: float | None,
    launches: int,
    carrier: str,
    alive: bool | None,
) -> None:
    job = owned(stage, age_s, lease, claimed, launches=launches, carrier=carrier)
    action = decide(job, LAUNCHER, alive)
    worked = age_s if claimed is None else claimed
    if stage not in MINE:
        assert action is None
    elif stage in (Stage.PROCESSING, Stage.REPORTED):
        assert not isinstance(action, Overdue)
        assert action is not None or worked <= 615
        assert not isinstance(action, Fail) or launches >= LAUNCHER.attempts
        assert not isinstance(action, Relaunch) or launches < LAUNCHER.attempts
    else:
        assert (action is not None) == (age_s > LAUNCHER.overdue_s)
        assert isinstance(action, Overdue | None) or (stage is Stage.LAUNCHED and alive and carrier == "streams")


@given(st.sampled_from(MINE), TIMES, ALIVE)
def test_a_job_that_is_marked_overdue_is_not_marked_again(stage: Stage, age_s: float, alive: bool | None) -> None:
    action = decide(owned(stage, age_s), LAUNCHER, alive)
    if isinstance(action, Overdue):
        assert decide(owned(stage, age_s, overdue=action.reason), LAUNCHER, alive) is None


def test_a_silent_worker_loses_the_job_and_after_all_attempts_the_job_fails(
    launcher: Client, repository: Repository, job: Any, settings: Settings
) -> None:
    for attempt in range(1, settings.launcher.attempts + 1):
        repository.wait(job.id, Stage.LAUNCHED)
        launcher.post("/api/v2/claims", {"job_id": job.id, "epoch": 1, "worker": f"w{attempt}"})
        repository.age(settings.launcher.lease_s + 1)
        repository.wait(job.id, Stage.LAUNCHED, Stage.FAILED)
    failed = repository.wait(job.id, Stage.FAILED)
    assert failed.failure is not None
    assert (failed.failure.code, failed.attempt) == ("pipeline_gave_no_answer", settings.launcher.attempts)


def test_a_worker_that_renews_keeps_the_job(launcher: Client, repository: Repository, job: Any) -> None:
    repository.wait(job.id, Stage.LAUNCHED)
    claim = launcher.post("/api/v2/claims", {"job_id": job.id, "epoch": 1, "worker": "w"})
    renew = Client(claim["renew_url"])
    for _ in range(4):
        repository.age(10)
        assert renew.post("") == {"lease_s": 15.0}
    assert repository.stage(job.id) is Stage.PROCESSING
    assert repository.jobs[job.id].attempt == 1


def test_a_job_that_moved_on_since_it_was_seen_is_left_alone(jobs: Jobs, repository: Repository) -> None:
    seen = owned(Stage.PROCESSING, 601, -1, 601, launches=3)
    repository.add(seen.job.model_copy(update={"stage": Stage.RETURNING, "revision": 9}))
    assert Deadlines(jobs, LAUNCHER).look(seen, None) is None
    assert repository.stage(seen.job.id) is Stage.RETURNING
