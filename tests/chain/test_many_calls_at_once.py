"""Services of one process answer each other, also while more calls wait than the process has shared threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import uuid4

import pytest
import requests

from file_receiver.gateway.app import create as create_receiver
from file_sender.gateway.app import create as create_sender
from job_repository.app import create as create_repository
from labrelay.settings import Settings
from task_launcher.app import create as create_launcher
from tests.chain.one_loop import OneLoop

AT_ONCE: Final = 80
"""Twice the threads that an event loop shares among all plain handlers."""
ANSWER_S: Final = 20.0

Call = Callable[[Settings], requests.Response]


@pytest.fixture
def gateway(settings: Settings, redis_url: str) -> Iterator[Settings]:
    ports = settings.ports
    makers = {
        ports.job_repository: create_repository,
        ports.task_launcher: create_launcher,
        ports.file_receiver_gateway: create_receiver,
        ports.file_sender_gateway: create_sender,
    }
    with OneLoop({port: make(settings) for port, make in makers.items()}):
        yield settings


def read_tasks(settings: Settings) -> requests.Response:
    return requests.get(f"{settings.service_url('task_launcher')}/api/v2/tasks", timeout=ANSWER_S)


def read_aicsd_tasks(settings: Settings) -> requests.Response:
    return requests.get(f"{settings.service_url('task_launcher')}/api/v1/task", timeout=ANSWER_S)


def ask_for_offset(settings: Settings) -> requests.Response:
    return requests.head(f"{settings.service_url('file_receiver_gateway')}/edge/v2/inputs/{uuid4()}", timeout=ANSWER_S)


def upload(settings: Settings) -> requests.Response:
    url = f"{settings.service_url('file_receiver_gateway')}/edge/v2/inputs/{uuid4()}"
    headers = {"X-Instrument": "oem", "Content-Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"}
    return requests.put(url, data=b"", headers=headers, timeout=ANSWER_S)


def accept(settings: Settings) -> requests.Response:
    url = f"{settings.service_url('file_sender_gateway')}/edge/v2/returns/{uuid4()}/accept"
    return requests.post(url, json={"epoch": 1, "attempt": 1}, timeout=ANSWER_S)


def aicsd_file(settings: Settings) -> requests.Response:
    url = f"{settings.service_url('file_sender_gateway')}/api/v1/transmitFile/{uuid4()}/0"
    return requests.get(url, timeout=ANSWER_S)


CALLS = [
    (read_tasks, 200),
    (read_aicsd_tasks, 204),
    (ask_for_offset, 404),
    (upload, 404),
    (accept, 404),
    (aicsd_file, 500),
]


@pytest.mark.parametrize(("call", "status"), CALLS)
def test_every_call_is_answered(gateway: Settings, call: Call, status: int) -> None:
    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = list(callers.map(lambda _: call(gateway).status_code, range(AT_ONCE)))
    assert answers == [status] * AT_ONCE
