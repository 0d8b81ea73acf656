"""A running gateway for all tests of this folder."""

from collections.abc import Iterator

import pytest

from file_receiver.oem import arrivals
from file_sender.oem import outbox
from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, gateway


@pytest.fixture
def repository(settings: Settings) -> Iterator[Repository]:
    with gateway(settings) as running:
        yield running


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short long polls and rests, so that services stop at once."""
    for module in (arrivals, outbox):
        monkeypatch.setattr(module, "WAIT_S", 0.1)
        monkeypatch.setattr(module, "PAUSE_S", 0.1)
    monkeypatch.setattr(outbox, "GATEWAY_REST_S", 0.2)
