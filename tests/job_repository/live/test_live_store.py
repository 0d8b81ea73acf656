"""The live store's scripts alone: compare-and-set, idempotent creation, letting go."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from job_repository.jobs.conflicts import JobMoved, LiveStoreLost
from job_repository.jobs.steps import Created, StoreInput
from job_repository.jobs.transitions import apply
from job_repository.live.keys import indexes_of
from job_repository.live.store import LiveStore
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import ClaimJob, LaunchJob
from tests.job_repository.jobs.test_state_machine import EPOCH, fresh_job

CREATED = Created(epoch=EPOCH).model_dump_json()


@pytest.fixture
def live(redis_url: str) -> Iterator[LiveStore]:
    store = LiveStore(redis_url)
    store.begin_anew("restoring:3", 0)
    store.open(EPOCH)
    store.create([(fresh_job(), CREATED)])
    yield store
    store.close()


def launched(live: LiveStore) -> Job:
    job = fresh_job()
    for step in (StoreInput(), LaunchJob(epoch=EPOCH)):
        after = apply(job, step, 1)
        live.commit(job, after, step.model_dump_json())
        job = after
    return job


def test_creating_twice_makes_one_job(live: LiveStore) -> None:
    assert live.create([(fresh_job(), CREATED)]) == [0]
    assert [event.seq for event in live.events(0, 10)] == [1]


def test_of_many_claims_at_once_one_wins(live: LiveStore) -> None:
    job = launched(live)

    def claim(worker: int) -> bool:
        step = ClaimJob(epoch=EPOCH, worker=str(worker), lease_s=1)
        try:
            live.commit(job, apply(job, step, 1), step.model_dump_json())
        except JobMoved:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(24))) == 1
    stored = live.get(job.id)
    assert stored is not None
    assert stored.attempt == 1


def test_a_job_stands_in_the_indexes_of_its_stage_only(live: LiveStore) -> None:
    job = launched(live)
    _, standing = live.standing(list(Stage), None, None, 10)
    assert standing == [job]
    assert live.standing([Stage.READY], "i", "nuclei", 10)[1] == []
    assert live.standing([Stage.LAUNCHED], "i", "nuclei", 10)[1] == [job]
    assert indexes_of(job.model_copy(update={"stage": Stage.COMPLETE})) == []


def test_another_epoch_is_a_lost_store(live: LiveStore) -> None:
    job = fresh_job()
    live.epoch = EPOCH + 1
    with pytest.raises(LiveStoreLost):
        live.commit(job, apply(job, StoreInput(), 1), "{}")
    with pytest.raises(LiveStoreLost):
        live.get(job.id)


def test_a_number_that_fell_back_is_a_lost_store(live: LiveStore) -> None:
    live.floor = 100
    with pytest.raises(LiveStoreLost):
        live.check()


def test_a_job_that_changed_since_is_not_let_go(live: LiveStore) -> None:
    job = launched(live)
    live.retire(3, [(job.id, 1)])
    assert live.get(job.id) == job
    assert live.events(0, 10) == []
    live.retire(3, [(job.id, 3)])
    assert live.get(job.id) is None
