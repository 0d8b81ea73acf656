"""Bodies of other services' answers on their way to a browser, which may go away in the middle."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import requests
from anyio import CancelScope

from dashboard.threads import Threads


async def passed_on(threads: Threads, answer: requests.Response, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks of an answer, read in threads; the answer is given up when nobody reads on.

    Giving up never waits in the event loop: closing an answer waits for the thread that reads it, and that one may
    wait for a service of this very process, whose loop would then never send what is waited for.
    """
    try:
        while chunk := await threads.run(partial(next, chunks, b"")):
            yield chunk
    finally:
        with CancelScope(shield=True):
            await threads.run(partial(_give_up, answer))


def _give_up(answer: requests.Response) -> None:
    if not answer.raw.isclosed():
        answer.raw.shutdown()  # ends the reading of the other thread, which holds what closing needs
    answer.close()
