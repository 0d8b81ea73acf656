"""Files that change under labrelay's hands: rewritten, renamed or deleted midway, and events that are lost."""

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from labrelay.contracts.states import Stage
from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from tests.faults.fault import Fault, NotInjected
from tests.faults.oracle import TEMPORARY, sha256_of
from tests.faults.system import TwoSides
from tests.polling import until

SIZE = 12_000_000
SLOW = 2_000_000
"""Bytes a second that the network lets through, so that sending takes its time."""
QUEUED_EVENTS = 17_000
"""More than the 16,384 that inotify keeps."""
Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]
Moment = Callable[[TwoSides, str, random.Random], None]


def hashed(sides: TwoSides, name: str, chance: random.Random) -> None:
    """Right after it was closed."""
    time.sleep(chance.uniform(0.0, 0.4))


def sent(sides: TwoSides, name: str, chance: random.Random) -> None:
    """When the gateway holds a part of it."""
    inputs = sides.places.gateway / "gateway" / "inputs"
    until(lambda: any(large(part) for part in inputs.rglob(f"*{TEMPORARY}")), f"{name} is being sent", 60, 0.005)
    time.sleep(chance.uniform(0.0, 1.0))


def large(part: Path) -> bool:
    try:
        return part.stat().st_size > 1_000_000
    except FileNotFoundError:
        return False


def waiting(sides: TwoSides, name: str, chance: random.Random) -> None:
    """When its bytes are on the gateway, and no worker has taken its job."""
    stages = (Stage.READY, Stage.LAUNCHED)
    until(lambda: any(job["stage"] in stages for job in sides.jobs_of(name)), f"{name} waits for a worker", 60)


def complete(sides: TwoSides, name: str, chance: random.Random) -> None:
    """When its result is there."""
    until(lambda: any(job["stage"] == Stage.COMPLETE for job in sides.jobs_of(name)), f"{name} is complete", 90)


def rewritten(moment: Moment, hold: Callable[[TwoSides], AbstractContextManager[None]]) -> Injection:
    """The instrument writes other content under the same name at some moment of the file's way, twice."""

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        name = f"rewritten/{chance.randrange(10**9):09d}.tif"
        sides.stream.write(name, SIZE)
        for _ in range(2):
            with hold(sides):
                moment(sides, name, chance)
                sides.stream.write(name, SIZE, pieces=6)
            sides.strike(1)
        yield

    return inject


def slowly(sides: TwoSides) -> AbstractContextManager[None]:
    """The network lets little through."""
    return sides.relay.spoiled(lambda relay: setattr(relay.up, "bytes_per_s", SLOW))


def no_worker(sides: TwoSides) -> AbstractContextManager[None]:
    """The pipeline's worker stands still."""
    return sides.standing_still("copying")


@contextmanager
def deleted(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The instrument deletes files that are on their way: their jobs end, with a result or with the reason in words."""
    names = [f"deleted/{chance.randrange(10**9):09d}.tif" for _ in range(3)]
    sides.stream.forgiven.update(names)
    with slowly(sides):
        for name in names:
            sides.stream.write(name, SIZE // 4)
        sent(sides, names[0], chance)
        for name in names:
            (sides.places.images / name).unlink()
            sides.strike(1)
    for name in names:
        ended_in_words(sides, name)
    yield


@contextmanager
def renamed(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """The instrument renames a file that is on its way: under its new name it is a file of its own."""
    name = f"renamed/{chance.randrange(10**9):09d}.tif"
    new = name.replace(".tif", " final.tif")
    sides.stream.forgiven |= {name, new}  # both may come, with the same content
    with slowly(sides):
        path = sides.stream.write(name, SIZE)
        sent(sides, name, chance)
        path.rename(path.with_name(Path(new).name))
        sides.strike(1)
    complete(sides, new, chance)
    ended_in_words(sides, name)
    outputs = [each for each in (sides.places.results / "renamed").rglob("*") if each.is_file()]
    if sides.stream.written[name] not in {sha256_of(each) for each in outputs}:
        sides.unsaid.append(f"the content of {new} has no result")
    yield


def ended_in_words(sides: TwoSides, name: str) -> None:
    """A job that can't be done any more says why."""
    ended = (Stage.COMPLETE, Stage.FAILED, Stage.SUPERSEDED)
    until(lambda: all(job["stage"] in ended for job in sides.jobs_of(name)), f"{name} has ended", 120, 0.3)
    for job in sides.jobs_of(name):
        if job["stage"] == Stage.FAILED and not (job["failure"]["cause"] and job["failure"]["next_step"]):
            sides.unsaid.append(f"nobody says why {name} failed: {job['failure']}")


@contextmanager
def events_lost(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    """More changes than the system remembers while the watcher stands still, and then files that no event tells of."""
    before = overflows(sides)
    burst = [sides.places.images / f"~burst {number}" for number in range(2)]
    with sides.standing_still("oem"):
        for number in range(QUEUED_EVENTS):
            burst[number % 2].touch()  # in turns, as the same event twice counts once
        for number in range(3):
            sides.stream.write(f"after the overflow/{chance.randrange(10**9):09d}/{number}.tif")
    for file in burst:
        file.unlink()
    until(lambda: overflows(sides) > before, "the watcher noticed", 60, pause_s=0.3)
    sides.strike(overflows(sides) - before)
    yield


def overflows(sides: TwoSides) -> int:
    """Times that the watcher heard of lost events, since it runs."""
    try:
        text = Client(sides.oem.settings.service_url("file_watcher"), retries=0).request("GET", "/metrics").text
    except LabrelayError as error:
        raise NotInjected("the watcher doesn't answer") from error
    found = re.search(r"^labrelay_watcher_overflows_total (\S+)", text, re.MULTILINE)
    return int(float(found[1])) if found else 0


FAULTS = (
    Fault("file rewritten while it is hashed", rewritten(hashed, lambda _: nullcontext())),
    Fault("file rewritten while it is sent", rewritten(sent, slowly), together=False),
    Fault("file rewritten before its job is claimed", rewritten(waiting, no_worker), together=False),
    Fault("file rewritten after its result came", rewritten(complete, lambda _: nullcontext()), together=False),
    Fault("files deleted midway", deleted, together=False),
    Fault("file renamed midway", renamed, together=False),
    Fault("events lost (inotify's queue overflows)", events_lost, together=False),
)
