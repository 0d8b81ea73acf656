"""A browser that goes away in the middle of a picture stops nobody else: the loop of the process goes on at once."""

import asyncio
import time
from collections.abc import AsyncIterator

import requests
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from dashboard.streams import passed_on
from dashboard.threads import Threads
from tests.background import served
from tests.ports import take_port

SENT = b"x" * 1000
SILENT_S = 20.0


def halting() -> FastAPI:
    """A service that begins its answer and then says nothing for long."""
    app = FastAPI()

    @app.get("/picture")
    async def picture() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield SENT
            await asyncio.sleep(SILENT_S)

        return StreamingResponse(body())

    return app


def test_an_answer_is_given_up_at_once_while_a_thread_still_waits_for_it() -> None:
    port = take_port()

    async def leave_early() -> float:
        threads = Threads()
        answer = await threads.run(lambda: requests.get(f"http://127.0.0.1:{port}/picture", stream=True, timeout=60))
        stream = passed_on(threads, answer, answer.iter_content(len(SENT)))
        assert await anext(stream) == SENT
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return time.monotonic() - begun

    with served(halting(), port):
        assert asyncio.run(leave_early()) < SILENT_S / 2
