"""Shares that go away and come back: an unmounted share leaves its empty mount point behind, which takes writes."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.disks import MAY, Disk
from tests.faults.fault import Fault
from tests.faults.moments import any_moment
from tests.faults.system import TwoSides
from tests.faults.words import await_words


@contextmanager
def results_away(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """Outputs that were written into the empty mount point would lie hidden below the share when it is back."""
    disk = Disk.at(sides.places.results)
    until_some_output(sides)
    any_moment(sides, chance)
    disk.go_away()
    try:
        sides.strike(1)
        await_words(sides, 30.0, "output folder", "share mounted")
        time.sleep(chance.uniform(0.0, 3.0))
    finally:
        disk.come_back()
    yield


@contextmanager
def images_away(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The instrument can't write meanwhile either: it waits with its next file."""
    disk = Disk.at(sides.places.images)
    with sides.stream.halted():
        any_moment(sides, chance)
        disk.go_away()
        try:
            sides.strike(1)
            await_words(sides, 30.0, "share mounted")
            time.sleep(chance.uniform(0.0, 5.0))
        finally:
            disk.come_back()
    yield


def until_some_output(sides: TwoSides, seconds: float = 60.0) -> None:
    """A share that was never written to is like any other empty folder."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not any(sides.places.results.iterdir()):
        time.sleep(0.2)


FAULTS = (
    Fault("share of the results away for seconds", results_away, required=MAY, together=False),
    Fault("share of the images away for seconds", images_away, required=MAY, together=False),
)
