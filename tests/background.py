"""What goes on in a thread while a block lasts: a server on a real port, or anything else that ends when it is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

START_S: Final = 30.0
END_S: Final = 15.0


@contextmanager
def while_lasting(act: Callable[[threading.Event], None], name: str = "in the background") -> Iterator[None]:
    """Run `act` beside the block; it gets the event that tells it to end, and is waited for."""
    stop = threading.Event()
    thread = threading.Thread(target=act, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def running(server: uvicorn.Server, **options: Any) -> Iterator[None]:
    """A server in a thread with a loop of its own, from when it answers."""
    thread = threading.Thread(target=server.run, kwargs=options, daemon=True)
    thread.start()
    end = time.monotonic() + START_S
    while not server.started:
        assert thread.is_alive(), "the server ended as it began"
        assert time.monotonic() < end, "the server doesn't come up"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(END_S)


@contextmanager
def served(app: Any, port: int) -> Iterator[str]:
    """An app on a real port of this machine; its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    config.timeout_graceful_shutdown = 1
    with running(uvicorn.Server(config)):
        yield f"http://127.0.0.1:{port}"
