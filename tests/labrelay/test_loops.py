import threading

from labrelay.errors import ServiceUnavailable
from labrelay.loops import OwnerLoop


def test_a_loop_goes_on_after_trouble_and_says_what_troubles_it() -> None:
    turns, done = [], threading.Event()

    def turn() -> bool:
        turns.append(loop.trouble)
        if len(turns) == 1:
            raise ServiceUnavailable("The peer is away.")
        if len(turns) == 2:
            raise ValueError("a bug")
        done.set()
        return False

    loop = OwnerLoop("test", turn, idle_s=10)
    loop.start()
    assert done.wait(5)
    loop.stop()
    assert turns[:3] == ["", "The peer is away.", "ValueError: a bug"]
    assert loop.trouble == ""


def test_waking_ends_the_pause() -> None:
    turns = threading.Semaphore(0)

    def turn() -> bool:
        turns.release()
        return False

    loop = OwnerLoop("test", turn, idle_s=60)
    loop.start()
    assert turns.acquire(timeout=5)
    loop.wake()
    assert turns.acquire(timeout=5)
    loop.stop()
    assert loop.stopping
