"""Within one process the repository is asked without a socket; the answers are those of its routes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from job_repository.app import create
from labrelay.contracts.base import Lenient
from labrelay.contracts.captures import Announcement, CaptureAccepted, WantedInputs
from labrelay.contracts.jobs import Job, OwnedJobs, OwnerNews
from labrelay.contracts.transitions import FinishJob, LaunchJob, StepRequest
from labrelay.errors import Conflict, LabrelayError, NotFound, ServiceUnavailable
from labrelay.http.client import Client
from labrelay.http.neighbours import Neighbour, Question, Way, neighbour_at, seat
from labrelay.settings import Settings
from tests.job_repository.conftest import SHA_A, announcement
from tests.task_launcher.double import Served

NOBODY = "11111111-1111-1111-1111-111111111111"
LAUNCHER = {"owner": "task-launcher"}


class Stored(Lenient):
    size: int
    sha256: str


@pytest.fixture(scope="module")
def neighbour(home: Settings) -> Iterator[Neighbour]:
    """A repository on its port that its process can also ask directly."""
    app = create(home)
    seat(home.service_url("job_repository"), app.state.neighbour)
    with Served(app, home.ports.job_repository):
        Client(home.service_url("job_repository")).post(
            "/api/v2/tasks", {"description": "all", "selector": True, "pipeline": "nuclei"}
        )
        yield app.state.neighbour


@pytest.fixture
def beside(home: Settings, neighbour: Neighbour) -> Client:
    return Client.of(home, "job_repository")


@pytest.fixture
def over_http(home: Settings, neighbour: Neighbour) -> Client:
    return Client(home.service_url("job_repository"))


def ready_job(client: Client, path: str) -> str:
    told = Announcement.model_validate(announcement(path))
    accepted = client.ask(CaptureAccepted, "POST", "/api/v2/captures", told)
    client.ask(Lenient, "POST", f"/api/v2/captures/{accepted.capture_id}/stored", Stored(size=3, sha256=SHA_A))
    return accepted.jobs[0]


def test_a_question_takes_no_socket(beside: Client, over_http: Client) -> None:
    job_id = ready_job(over_http, "no-socket.tif")
    assert beside.ask(Job, "GET", f"/api/v2/jobs/{job_id}").stage == "ready"
    assert not hasattr(beside._local, "session")


@pytest.mark.parametrize(
    ("answer", "path", "params"),
    [
        (OwnedJobs, "/api/v2/owned", {**LAUNCHER, "limit": 5, "pipeline": None}),
        (OwnedJobs, "/api/v2/owned", {**LAUNCHER, "instrument": "reader1", "pipeline": "nuclei"}),
        (OwnerNews, "/api/v2/owned/news", LAUNCHER),
        (WantedInputs, "/api/v2/captures/wanted", {"instrument": "reader1", "limit": 3}),
    ],
)
def test_both_ways_give_the_same_answer(
    beside: Client, over_http: Client, answer: type[BaseModel], path: str, params: dict[str, Any]
) -> None:
    ready_job(over_http, "same.tif")
    ages = {"jobs": {"__all__": {"age_s"}}}
    here, there = (each.ask(answer, "GET", path, params=params) for each in (beside, over_http))
    assert here.model_dump(exclude=ages) == there.model_dump(exclude=ages)


def test_steps_and_stored_bytes_are_told_without_a_socket(beside: Client, over_http: Client) -> None:
    told = Announcement.model_validate(announcement("steps.tif"))
    accepted = over_http.ask(CaptureAccepted, "POST", "/api/v2/captures", told)
    beside.ask(Lenient, "POST", f"/api/v2/captures/{accepted.capture_id}/stored", Stored(size=3, sha256=SHA_A))
    path = f"/api/v2/jobs/{accepted.jobs[0]}"
    launched = beside.ask(Job, "POST", f"{path}/transitions", StepRequest(step=LaunchJob(epoch=accepted.epoch)))
    assert launched.stage == "launched"
    assert over_http.ask(Job, "GET", path) == launched
    assert not hasattr(beside._local, "session")


@pytest.mark.parametrize("step", [FinishJob(epoch=1, attempt=7, status="PipelineComplete"), LaunchJob(epoch=99)])
def test_both_ways_refuse_alike(beside: Client, over_http: Client, step: Any) -> None:
    job_id = ready_job(over_http, "refused.tif")
    refusals = []
    for client in (beside, over_http):
        with pytest.raises(Conflict) as refusal:
            client.ask(Job, "POST", f"/api/v2/jobs/{job_id}/transitions", StepRequest(step=step))
        refusals.append((type(refusal.value), refusal.value.code, refusal.value.cause, refusal.value.extra))
    assert refusals[0] == refusals[1]


def test_an_unknown_job_is_unknown_both_ways(beside: Client, over_http: Client) -> None:
    for client in (beside, over_http):
        with pytest.raises(NotFound, match=NOBODY):
            client.ask(Job, "GET", f"/api/v2/jobs/{NOBODY}")


def test_a_waiting_question_is_answered_when_the_list_changes(beside: Client, over_http: Client) -> None:
    seq = beside.ask(OwnedJobs, "GET", "/api/v2/owned", params=LAUNCHER).seq
    changing = threading.Timer(0.3, lambda: ready_job(over_http, "waited-for.tif"))
    changing.start()
    begun = time.monotonic()
    answer = beside.ask(OwnedJobs, "GET", "/api/v2/owned", params={**LAUNCHER, "since": seq, "wait": 30})
    changing.join()
    assert answer.seq > seq
    assert time.monotonic() - begun < 25


def test_who_waits_is_told_when_the_service_stops(settings: Settings, redis_url: str) -> None:
    app = create(settings)
    told: list[LabrelayError] = []

    def ask() -> None:
        try:
            client.ask(OwnedJobs, "GET", "/api/v2/owned", params={**LAUNCHER, "since": 1 << 40, "wait": 60})
        except LabrelayError as error:
            told.append(error)

    seat(settings.service_url("job_repository"), app.state.neighbour)
    client = Client.of(settings, "job_repository", retries=0)
    waiting = threading.Thread(target=ask, daemon=True)
    with Served(app, settings.ports.job_repository):
        client.ask(OwnedJobs, "GET", "/api/v2/owned", params=LAUNCHER)  # the live store is open then
        waiting.start()
        time.sleep(0.3)
    waiting.join(20)
    assert [type(error) for error in told] == [ServiceUnavailable]
    with pytest.raises(ServiceUnavailable):
        client.ask(OwnedJobs, "GET", "/api/v2/owned", params=LAUNCHER)


def test_only_services_of_the_process_are_answered_beside(over_http: Client) -> None:
    assert neighbour_at(over_http.base_url) is not None
    over_http.ask(OwnerNews, "GET", "/api/v2/owned/news", params=LAUNCHER)
    assert hasattr(over_http._local, "session")


def test_a_fault_of_the_service_is_an_error_that_callers_know() -> None:
    def fault(question: Question) -> BaseModel:
        raise RuntimeError("a bug")

    async def asked() -> BaseModel | None:
        neighbour = Neighbour()
        neighbour.answers(Way("GET", "/fault", fault))
        neighbour.open()
        return neighbour.reply("GET", "/fault", Question())

    with pytest.raises(LabrelayError, match="RuntimeError: a bug"):
        asyncio.run(asked())
