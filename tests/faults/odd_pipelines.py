"""Pipelines that go wrong: they hang, crash, answer twice, late, for another's job, or write where they shouldn't."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.faults.fault import Fault, NotInjected
from tests.faults.odd import ACCEPTED, DONE, ODD
from tests.faults.system import TwoSides
from tests.polling import until

DEADLINE_S = 8.0
"""Longest work on a file below `odd/`, so that one that hangs is noticed soon."""
FILES = ("a.tif", "b.tif")
Injection = Callable[[TwoSides, random.Random], AbstractContextManager[None]]


def going_wrong(kind: str, fails_with: str = "") -> Injection:
    """Some files' first attempts go wrong in one way.

    Args:
        kind: as `tests.faults.odd` knows it.
        fails_with: the failure that must be told; a person then retries the jobs. Empty: all goes on by itself.
    """

    @contextmanager
    def inject(sides: TwoSides, chance: random.Random) -> Iterator[None]:
        add_task(sides)
        done, accepted = lines(sides, DONE, kind), lines(sides, ACCEPTED, kind)
        names = [f"{ODD}{kind}/{chance.randrange(10**9):09d}/{name}" for name in FILES]
        for name in names:
            sides.stream.write(name)
        until(lambda: lines(sides, DONE, kind) > done, f"a pipeline {kind}", 60, pause_s=0.3)
        for name in names if fails_with else ():
            retry(sides, name, fails_with)
        await_all(sides, names)
        sides.strike(lines(sides, DONE, kind) - done)
        if lines(sides, ACCEPTED, kind) > accepted:
            sides.unsaid.append(f"the gateway took an answer that it must refuse: {kind}")
        if not sides.strikes:
            raise NotInjected
        yield

    return inject


def add_task(sides: TwoSides) -> None:
    """Before all others, once."""
    about = "may go wrong"
    # In a double fault the other one may have ended the gateway a moment ago.
    known = until(lambda: [sides.launcher.get("/api/v2/tasks")["items"]], "the tasks")[0]
    if any(task["description"] == about for task in known):
        return
    selector = {"in": [ODD, {"var": "InputFile.DirName"}]}
    body = {"description": about, "selector": selector, "pipeline": "copying", "order": 1}
    sides.launcher.post("/api/v2/tasks", {**body, "processing_deadline_s": DEADLINE_S})


def lines(sides: TwoSides, log: str, kind: str) -> int:
    """How often this went wrong so far, or was taken all the same."""
    file = sides.places.gateway / log
    return file.read_text().split("\n").count(kind) if file.exists() else 0


def retry(sides: TwoSides, name: str, code: str) -> None:
    """A person reads why the job failed, and lets it run again."""

    def failed() -> dict[str, Any] | None:
        return next((job for job in sides.jobs_of(name) if job["stage"] in ("failed", "complete")), None)

    job = until(failed, f"{name} has failed", 90, pause_s=0.3)
    if job is None or job["stage"] != "failed":
        return  # its first attempt was lost for another reason, the second was good
    failure = job["failure"]
    if failure["code"] != code or not (failure["cause"] and failure["next_step"]):
        sides.unsaid.append(f"{name} should fail with {code} in words, and says {failure}")
    sides.repository.post(f"/api/v2/jobs/{job['id']}/retry")


def await_all(sides: TwoSides, names: list[str], seconds: float = 90.0) -> None:
    """Wait for the end of these jobs, at most so long: whether they ended well is the oracle's to say."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if all((jobs := sides.jobs_of(name)) and jobs[0]["stage"] == "complete" for name in names):
            return
        time.sleep(0.3)


FAULTS = (
    Fault("pipeline hangs", going_wrong("hangs")),
    Fault("pipeline exits", going_wrong("exits")),
    Fault("pipeline crashes (SIGSEGV)", going_wrong("crashes")),
    Fault("pipeline answers twice", going_wrong("twice")),
    Fault("pipeline answers twice, differently", going_wrong("twice otherwise")),
    Fault("pipeline answers late with an old attempt", going_wrong("late")),
    Fault("pipeline answers for another's job", going_wrong("another's")),
    Fault("pipeline writes on after its attempt was taken over", going_wrong("writes on")),
    Fault("pipeline's output lies outside its folder", going_wrong("outside", "output_outside_folder")),
    Fault("pipeline reports another digest", going_wrong("other digest", "output_digest_mismatch")),
)
