"""Processes that die without a word (kill -9), and processes that stand still."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from labrelay.processes import await_end
from tests.faults.fault import Fault, NotInjected
from tests.faults.moments import any_moment, random_moment
from tests.faults.system import TwoSides, kill_all
from tests.polling import until

CHILDREN = ("oem", "gateway", "copying", "bento", "redis")
STRIKES = 3
RESTART_S = 1.0
"""systemd's RestartSec, shortened."""
Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]


def killing(name: str) -> Injection:
    """kill -9 of a child, some times, each at a random moment or stage; the supervisor starts it again."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        for _ in range(STRIKES):
            any_moment(sides, chance)
            sides.strike(sides.kill(name))
            until(lambda: sides.process(name), f"{name} runs again", 60)
        struck(sides)
        yield

    return inject


@contextmanager
def bentos_worker(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """kill -9 of the process that BentoML's arbiter started, not of the arbiter."""
    for _ in range(STRIKES):
        any_moment(sides, chance)
        sides.strike(kill_all(sides.family("bento")[1:]))
    struck(sides)
    yield


@contextmanager
def redis_server_alone(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """kill -9 of the Redis server, while jobs are written into it as fast as it goes."""
    for _ in range(STRIKES):
        random_moment(chance, 1.0)
        sides.strike(kill_all(sides.family("redis")[1:]))
        until(lambda: len(sides.family("redis")) > 1, "Redis runs again", 60)
    struck(sides)
    yield


def killing_supervisor(*names: str) -> Injection:
    """kill -9 of a side's supervisor; its children end by themselves, and it is started again as by systemd."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        any_moment(sides, chance)
        left = [process for name in names for process in sides.kill_supervisor(name)]
        sides.strike(len(names))
        if chance.random() < 0.5:
            await_end(left, 20)
        time.sleep(RESTART_S)
        for name in names:
            sides.start(name)
        yield

    return inject


def power_cut(*names: str) -> Injection:
    """All processes of a side die at once, and it is started again."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        any_moment(sides, chance)
        for name in names:
            kill_all(sides.kill_supervisor(name))
            sides.strike(1)
        time.sleep(RESTART_S)
        for name in names:
            sides.start(name)
        yield

    return inject


@contextmanager
def standing_still(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """One process after another gets no processor for some seconds, and goes on as if nothing had been."""
    for name in chance.sample(CHILDREN, 2):
        any_moment(sides, chance)
        with sides.standing_still(name):
            sides.strike(1)
            time.sleep(chance.uniform(1.0, 8.0))
    yield


def struck(sides: TwoSides) -> None:
    """At least one strike met something.

    Raises:
        NotInjected: none did.
    """
    if not sides.strikes:
        raise NotInjected


FAULTS = (
    *(Fault(f"kill -9 {name}", killing(name)) for name in CHILDREN),
    Fault("kill -9 Bento's worker process", bentos_worker),
    Fault("kill -9 Redis server while writing", redis_server_alone),
    Fault("kill -9 OEM side's supervisor", killing_supervisor("oem"), together=False),
    Fault("kill -9 gateway's supervisor", killing_supervisor("gateway"), together=False),
    Fault("kill -9 both supervisors", killing_supervisor("oem", "gateway"), together=False),
    Fault("power cut: OEM side", power_cut("oem"), together=False),
    Fault("power cut: gateway", power_cut("gateway"), together=False),
    Fault("power cut: both sides", power_cut("oem", "gateway"), together=False),
    Fault("a process stands still for seconds", standing_still),
)
