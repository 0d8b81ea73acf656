"""A job repository (double) and a launcher, both on real ports."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from labrelay.contracts.jobs import Job
from labrelay.http.client import Client
from labrelay.settings import Ports, Settings
from labrelay.settings.model import Redis
from task_launcher.app import create
from task_launcher.jobs import Jobs
from tests.ports import take_port
from tests.task_launcher.double import Repository, Served, a_job
from tests.task_launcher.double import create as create_double

CONTENT = b"image"


@pytest.fixture
def repository(settings: Settings) -> Iterator[Repository]:
    state = Repository()
    with Served(create_double(state), settings.ports.job_repository):
        yield state


@pytest.fixture
def jobs(settings: Settings, repository: Repository) -> Jobs:
    return Jobs(Client(settings.service_url("job_repository")))


@pytest.fixture
def launcher(settings: Settings, repository: Repository) -> Iterator[Client]:
    poke = partial(repository.age, 0)  # ends the long poll that the loop is in, so that it stops at once
    with Served(create(settings), settings.ports.task_launcher, poke):
        yield Client(settings.service_url("task_launcher"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repository, Client]]:
    """One repository and launcher for a whole file of tests that only talk of tasks."""
    ports = Ports(**{name: take_port() for name in Ports.model_fields})
    settings = Settings(data=tmp_path_factory.mktemp("office"), ports=ports, redis=Redis(port=take_port()))
    state = Repository()
    with (
        Served(create_double(state), ports.job_repository),
        Served(create(settings), ports.task_launcher, partial(state.age, 0)),
    ):
        yield state, Client(settings.service_url("task_launcher"))


@pytest.fixture
def raw(launcher: Client) -> Iterator[Callable[..., requests.Response]]:
    """Calls that give every answer as it is."""
    with requests.Session() as session:
        session.trust_env = False
        yield lambda method, path, **options: session.request(method, launcher.base_url + path, timeout=10, **options)


def store_blob(settings: Settings, content: bytes = CONTENT, instrument: str = "reader-1") -> tuple[str, Path]:
    digest = hashlib.sha256(content).hexdigest()
    blob = settings.gateway_layout.input_blob(instrument, digest)
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    return digest, blob


@pytest.fixture
def job(settings: Settings, repository: Repository) -> Job:
    """A job that waits for a launch, its bytes in the store."""
    digest, _ = store_blob(settings)
    return repository.add(a_job(sha256=digest, size=len(CONTENT)))
