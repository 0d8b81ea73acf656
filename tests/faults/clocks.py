"""Clocks that jump by a day, forwards and backwards, while a process runs (libfaketime, for that process alone)."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

from tests.faults.command import faketime
from tests.faults.fault import Fault, NotInjected
from tests.faults.moments import any_moment
from tests.faults.system import TwoSides
from tests.polling import until

DAY_S = 86_400
Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]


def jumping(name: str) -> Injection:
    """A process runs under a clock of its own, which jumps twice; then it gets the machine's again."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        clock = sides.side_of(name).settings.data / "clock" / name
        if faketime() is None:
            raise NotInjected("libfaketime isn't installed")
        set_clock(clock, 0)
        try:
            start_anew(sides, name, under=True)
            for sign in chance.sample([1, -1], 2):
                any_moment(sides, chance)
                set_clock(clock, sign * DAY_S)
                sides.strike(1)
                time.sleep(chance.uniform(2.0, 4.0))
        finally:
            clock.unlink()
        start_anew(sides, name, under=False)
        yield

    return inject


def set_clock(clock: Path, seconds: int) -> None:
    """How far a clock is off; libfaketime looks once a second."""
    clock.parent.mkdir(exist_ok=True)
    fresh = clock.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    fresh.replace(clock)


def start_anew(sides: TwoSides, name: str, under: bool) -> None:
    """Kill it, so that its supervisor starts it with or without libfaketime.

    Raises:
        NotInjected: it doesn't run under libfaketime as it should.
    """
    sides.kill(name)
    process = until(lambda: sides.process(name), f"{name} runs again", 60)
    if ("libfaketime" in preloaded(process)) != under:
        raise NotInjected(f"{name} doesn't run with the clock that it should have")


def preloaded(process: psutil.Process | None) -> str:
    """What the process was told to load first."""
    return process.environ().get("LD_PRELOAD", "") if process and os.name != "nt" else ""


FAULTS = tuple(Fault(f"clock jumps ±1 day: {name}", jumping(name)) for name in ("oem", "gateway", "copying"))
