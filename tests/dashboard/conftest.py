"""A gateway double on real ports, and the dashboard that reads it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from dashboard.app import create
from labrelay.settings import Settings
from tests.dashboard.double import Gateway, repository_app, sender_app, served
from tests.polling import until


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    double = Gateway()
    repository = served(repository_app(double), settings.ports.job_repository)
    sender = served(sender_app(double), settings.ports.file_sender_gateway)
    with repository, sender:
        yield double
        double.leave.set()


@pytest.fixture
def browser_of_nobody(settings: Settings) -> Iterator[TestClient]:
    """The dashboard while no other service runs."""
    with TestClient(create(settings)) as client:
        yield client


@pytest.fixture
def client(gateway: Gateway, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create(settings), headers={"Accept": "text/html"}) as client:
        yield client


@pytest.fixture
def address(gateway: Gateway, settings: Settings) -> Iterator[str]:
    """The dashboard on its real port, after it has told its pages that it follows the repository now."""
    app = create(settings)
    first = app.state.desk.hub.seq
    with served(app, settings.ports.dashboard):
        until(lambda: app.state.desk.hub.seq != first, "a dashboard that follows")
        yield settings.service_url("dashboard")
        gateway.leave.set()
