import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from labrelay.errors import ServiceUnavailable, SettingsInvalid
from labrelay.http.server import Listener, _bind, serve_all
from tests.ports import take_port

stopped: list[str] = []


@asynccontextmanager
async def well(app: FastAPI) -> AsyncIterator[None]:
    yield
    stopped.append("well")


@asynccontextmanager
async def broken(app: FastAPI) -> AsyncIterator[None]:
    raise OSError("its store is damaged")
    yield


def test_a_service_that_cannot_start_ends_the_whole_process_cleanly() -> None:
    stopped.clear()
    good, bad = (Listener(FastAPI(lifespan=each), "127.0.0.1", take_port()) for each in (well, broken))
    with pytest.raises(ServiceUnavailable, match=str(bad.port)):
        serve_all([good, bad])
    assert stopped == ["well"]


def test_a_taken_port_is_named(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(SettingsInvalid, match=str(free_port)):
        serve_all([Listener(FastAPI(), "127.0.0.1", free_port)])


def test_answers_are_not_held_back_for_more_bytes(free_port: int) -> None:
    """Asyncio switches Nagle's algorithm off only for sockets that name their protocol."""
    with _bind(Listener(FastAPI(), "127.0.0.1", free_port)) as bound:
        assert bound.proto == socket.IPPROTO_TCP
