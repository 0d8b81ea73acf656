"""Files that no pipeline can read, dropped where the lab's reader writes: jobs that fail, for tests of their own."""

import time
from typing import Final
from urllib.parse import urlencode

from tests.ui.lab import Lab

WAIT_S: Final = 120.0


def spoil(lab: Lab, plate: str, *names: str) -> list[str]:
    """Drop files of these names into a folder of their own, and wait for their jobs to fail; the jobs' ids."""
    watched = next(lab.root.glob("demo/*/instrument/images"))
    (watched / plate).mkdir(exist_ok=True)
    for name in names:
        (watched / plate / name).write_bytes(f"no image, {plate} {name}".encode())
    return wait_for(lab, len(names), stage="failed", path=f"{plate}/")


def wait_for(lab: Lab, count: int, **wanted: str) -> list[str]:
    """The ids of as many jobs as fit, oldest first, as soon as there are so many."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = lab.get(f"/jobs.json?{urlencode(wanted)}").json()["jobs"]
        if len(found) >= count:
            return [str(each["id"]) for each in reversed(found)]
        time.sleep(0.3)
    raise AssertionError(f"no {count} jobs with {wanted} within {WAIT_S} s")
