"""What the services of the gateway's process ask the repository for every file, answered without a socket (ADR 13)."""

from collections.abc import Sequence

from pydantic import BaseModel

from job_repository.captures.routes import CaptureJobs, StoredInput
from job_repository.repository import Repository
from labrelay.contracts.base import Contract
from labrelay.contracts.states import Owner
from labrelay.contracts.transitions import StepRequest
from labrelay.http.neighbours import Neighbour, Question, Way
from labrelay.installation import HEADER


class OwnedAsked(Contract):
    """The query of `GET /api/v2/owned`."""

    owner: Owner
    instrument: str | None = None
    pipeline: str | None = None
    since: int = 0
    limit: int = 500
    wait: float = 0


class NewsAsked(Contract):
    """The query of `GET /api/v2/owned/news`."""

    owner: Owner
    since: int = 0
    wait: float = 0


class WantedAsked(Contract):
    """The query of `GET /api/v2/captures/wanted`, as far as neighbours ask it: they don't wait."""

    instrument: str
    limit: int = 500


def neighbour_of(repo: Repository) -> Neighbour:
    """The repository as its neighbours ask it; each answer is that of the route of the same path."""
    neighbour = Neighbour()
    for ways in (_jobs(repo), _captures(repo), _polls(repo, neighbour)):
        neighbour.answers(*ways)
    return neighbour


def _jobs(repo: Repository) -> Sequence[Way]:
    def step(question: Question) -> BaseModel:
        return repo.jobs.step(question.names[0], question.told(StepRequest).step)

    def job(question: Question) -> BaseModel:
        return repo.jobs.get(question.names[0])

    return Way("POST", "/api/v2/jobs/([^/]+)/transitions", step), Way("GET", "/api/v2/jobs/([^/]{36})", job)


def _captures(repo: Repository) -> Sequence[Way]:
    def stored(question: Question) -> BaseModel:
        told = question.told(StoredInput)
        return CaptureJobs(jobs=repo.captures.stored(question.names[0], told.size, told.sha256))

    def wanted(question: Question) -> BaseModel:
        asked = WantedAsked.model_validate(question.params)
        repo.installations.check(asked.instrument, question.headers.get(HEADER, ""))
        return repo.polls.wanted_now(asked.instrument, asked.limit)[1]

    return Way("POST", "/api/v2/captures/([^/]+)/stored", stored), Way("GET", "/api/v2/captures/wanted", wanted)


def _polls(repo: Repository, neighbour: Neighbour) -> Sequence[Way]:
    polls = repo.polls

    def owned(question: Question) -> BaseModel:
        asked = OwnedAsked.model_validate(question.params)
        if asked.instrument is not None:
            repo.installations.check(asked.instrument, question.headers.get(HEADER, ""))
        neighbour.wait(polls.until_owned(asked.owner, asked.instrument, asked.pipeline, asked.since, asked.wait))
        return polls.owned_now(asked.owner, asked.instrument, asked.pipeline, asked.limit)

    def news(question: Question) -> BaseModel:
        asked = NewsAsked.model_validate(question.params)
        return neighbour.wait(polls.news(asked.owner, asked.since, asked.wait))

    return Way("GET", "/api/v2/owned", owned), Way("GET", "/api/v2/owned/news", news)
