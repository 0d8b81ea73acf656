"""What a network does to the two sides: the relay between them stalls, resets, delays, throttles, vanishes."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.faults.fault import Fault, NotInjected
from tests.faults.moments import random_moment
from tests.faults.relay import Direction, Relay
from tests.faults.system import TwoSides

Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]


def spoiling(spoil: Callable[[Relay, random.Random], object], shortest_s: float, longest_s: float) -> Injection:
    """Something is wrong with the network for a random time."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        random_moment(chance)
        carries(sides)
        with sides.relay.spoiled(lambda relay: spoil(relay, chance)):
            sides.strike(1)
            time.sleep(chance.uniform(shortest_s, longest_s))
        yield

    return inject


def carries(sides: TwoSides) -> None:
    """The network is used at all.

    Raises:
        NotInjected: nothing goes through the relay, so nothing can be spoiled.
    """
    if not sides.relay.links:
        raise NotInjected("no connection goes through the relay")


def ways(relay: Relay, chance: random.Random) -> list[Direction]:
    """One way, the other, or both."""
    return chance.choice([[relay.up], [relay.down], [relay.up, relay.down]])


def stall(relay: Relay, chance: random.Random) -> None:
    for way in ways(relay, chance):
        way.stalled = True


def delay(relay: Relay, chance: random.Random) -> None:
    for way in ways(relay, chance):
        way.delay_s = chance.uniform(0.02, 0.3)


def throttle(relay: Relay, chance: random.Random) -> None:
    for way in ways(relay, chance):
        way.bytes_per_s = chance.uniform(20_000, 400_000)


def cut(relay: Relay, chance: random.Random) -> None:
    relay.refuse = True
    relay.reset_all()


def cut_silently(relay: Relay, chance: random.Random) -> None:
    """A cable is pulled: no reset, no end; new connections get no answer either."""
    relay.silent = True
    relay.lose_all()


def half_open(relay: Relay, chance: random.Random) -> None:
    relay.silent = True


@contextmanager
def resets(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """Connections are reset in the middle of what they carry, some at a byte, some all at once."""
    for _ in range(4):
        before = sides.relay.resets
        way = chance.choice([sides.relay.up, sides.relay.down])
        way.reset_after = int(10 ** chance.uniform(2, 6))
        random_moment(chance, 2.0)
        if chance.random() < 0.5:
            sides.relay.reset_all()
        sides.strike(sides.relay.resets - before)
    sides.relay.clear()
    if not sides.strikes:
        raise NotInjected
    yield


@contextmanager
def vanishing(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """Each open connection goes dead and stays open for ever; new ones are well."""
    random_moment(chance)
    sides.strike(sides.relay.lose_all())
    if not sides.strikes:
        raise NotInjected
    yield


FAULTS = (
    Fault("network stalls for seconds", spoiling(stall, 2.0, 8.0)),
    Fault("connections reset, also mid-body", resets),
    Fault("network is slow to answer", spoiling(delay, 3.0, 6.0)),
    Fault("network throttled", spoiling(throttle, 4.0, 8.0)),
    Fault("network cut for seconds", spoiling(cut, 2.0, 8.0)),
    Fault("network cut for a minute or two", spoiling(cut_silently, 60.0, 120.0), dear=True),
    Fault("peer accepts and never answers", spoiling(half_open, 3.0, 10.0)),
    Fault("connections die without closing", vanishing),
    Fault("network stalls for longer than any time-out", spoiling(stall, 40.0, 50.0), dear=True),
)
