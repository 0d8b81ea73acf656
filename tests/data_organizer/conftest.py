"""The real watcher and the real organizer over real HTTP, against a gateway that speaks the documented contract."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from fastapi import FastAPI

import data_organizer.app
import file_watcher.app
from labrelay.settings import Settings
from labrelay.settings.model import AttributeRule
from tests.data_organizer.gateway import Gateway
from tests.polling import until


class Served:
    """An app on its port, in a thread."""

    def __init__(self, app: FastAPI, port: int) -> None:
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", timeout_graceful_shutdown=0)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        until(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@dataclass
class Side:
    """The OEM side's first two services."""

    settings: Settings
    watcher: Served
    organizer: Served

    @property
    def folder(self) -> Path:
        return self.settings.folders[0].path

    def journal(self, **query: Any) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.settings.service_url('file_watcher')}/api/v2/journal", params=query, timeout=5)
        return list(reversed(answer.json()["items"]))

    def states(self) -> list[str]:
        return [row["state"] for row in self.journal()]

    def v1(self, path: str, body: Any = None) -> requests.Response:
        return requests.post(f"{self.settings.service_url('data_organizer')}/api/v1/{path}", json=body, timeout=30)


@pytest.fixture
def ruled(settings: Settings) -> Settings:
    rules = {"row": AttributeRule(id="r", type="int"), "test": AttributeRule(id="test", type="bool")}
    folder = settings.folders[0].model_copy(update={"attributes": {"LabName": "ScienceLab", "row": "from the folder"}})
    oem = settings.oem.model_copy(update={"attributes": rules, "folders": (folder,)})
    return settings.model_copy(update={"oem": oem})


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    others = loops()  # of a whole system that other tests keep running in this process
    double = Gateway(settings.ports.edge)
    double.start()
    yield double
    double.stop()
    until(lambda: loops() <= others)


def loops() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("data-organizer")}


def side_of(settings: Settings) -> Side:
    watcher = Served(file_watcher.app.create(settings), settings.ports.file_watcher)
    organizer = Served(data_organizer.app.create(settings), settings.ports.data_organizer)
    return Side(settings, watcher, organizer)


@pytest.fixture
def side(ruled: Settings, gateway: Gateway) -> Iterator[Side]:
    made = side_of(ruled)
    made.watcher.start()
    made.organizer.start()
    yield made
    made.organizer.stop()
    made.watcher.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Watchdog warns in its own threads when it meets a reused id; as an error that would end the shared thread."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings("default::RuntimeWarning"))
