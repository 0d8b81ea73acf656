"""Large inputs are laid out while the worker asks again, under a lease that is kept for it."""

import threading
from collections.abc import Iterator

import pytest

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import ClaimJob
from labrelay.http import Client
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings
from task_launcher import preparing
from task_launcher.attempts import InputLost, layout_of, prepare
from task_launcher.jobs import Jobs
from task_launcher.preparing import InputBeingLaidOut, Preparations, Prepared
from tests.task_launcher.conftest import CONTENT
from tests.task_launcher.double import Repository

LEASE_S = 0.3


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every input is large, and its copy begins when the gate is opened."""
    opened, copied = threading.Event(), prepare

    def slow(layout: GatewayLayout, job: Job) -> Prepared:
        opened.wait(10)
        return copied(layout, job)

    monkeypatch.setattr(preparing, "LARGE", 1)
    monkeypatch.setattr(preparing, "prepare", slow)
    yield opened
    opened.set()


@pytest.fixture
def claimed(repository: Repository, jobs: Jobs, job: Job) -> Job:
    repository.add(job.model_copy(update={"stage": Stage.LAUNCHED}))
    return jobs.take(job.id, ClaimJob(epoch=job.epoch, worker="w", lease_s=LEASE_S))


def test_a_worker_that_asks_too_early_asks_again_and_gets_the_one_copy(
    settings: Settings, jobs: Jobs, claimed: Job, gate: threading.Event
) -> None:
    preparations = Preparations(layout_of(settings), jobs)
    for _ in range(2):
        with pytest.raises(InputBeingLaidOut):
            preparations.of(claimed, LEASE_S, 0.01)
    gate.set()
    (private,), _ = preparations.of(claimed, LEASE_S)
    assert private.read_bytes() == CONTENT
    assert len(list(private.parent.iterdir())) == 1


def test_the_lease_is_renewed_while_the_copy_lasts(
    settings: Settings, repository: Repository, jobs: Jobs, claimed: Job, gate: threading.Event
) -> None:
    class Noticed(Jobs):
        def renew(self, job_id: str, epoch: int, attempt: int, lease_s: float) -> float:
            seconds = jobs.renew(job_id, epoch, attempt, lease_s)
            renewed.set()
            return seconds

    renewed = threading.Event()
    with pytest.raises(InputBeingLaidOut):
        Preparations(layout_of(settings), Noticed(Client(""))).of(claimed, LEASE_S, 0.0)
    assert renewed.wait(5)


def test_an_input_that_is_lost_is_told_to_who_asks_and_not_kept(
    settings: Settings, jobs: Jobs, claimed: Job, gate: threading.Event
) -> None:
    settings.gateway_layout.input_blob(claimed.source.instrument, claimed.source.sha256).unlink()
    gate.set()
    preparations = Preparations(layout_of(settings), jobs)
    for _ in range(2):
        with pytest.raises(InputLost):
            preparations.of(claimed, LEASE_S)
