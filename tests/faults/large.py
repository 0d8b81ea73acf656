"""`python -m tests.faults.large --files 100000 --bytes 5000000000`: very many small files, and a very large one.

Both go from one side to the other and come back. Asked of them: each content lies exactly once in the output folder,
no unfinished file is left, and no process gains more than 300 MB of memory.
"""

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from labrelay.errors import LabrelayError
from labrelay.settings.oem import Oem
from tests.faults.oracle import sha256_of
from tests.faults.system import Places, TwoSides, two_sides
from tests.memory import Memory, Named, family

MOST_GROWTH = 300_000_000
"""Bytes of memory that one process may gain."""
SMALL = 2_000
PER_FOLDER = 500
SAY_S = 30.0
PATIENCE_S = 180.0
"""So long nothing may move, as in the other runs of faults."""
LOOK_S = 2.0
PARTS = 4
"""The burst's time is told in so many parts, so that one sees whether it gets slower."""


@dataclass
class Found:
    """What one of both did.

    Attributes:
        parts_s: seconds for each part of the files, in the order of their completion.
        growth: bytes of memory that each process gained at the most.
    """

    what: str
    seconds: float
    parts_s: list[float]
    lost: int
    doubled: int
    left_behind: int
    growth: dict[str, int]

    @property
    def well(self) -> bool:
        return not (self.lost or self.doubled or self.left_behind) and max(self.growth.values()) < MOST_GROWTH


def processes(sides: TwoSides) -> Iterator[Named]:
    """Every process of both sides."""
    for name in ("oem", "gateway", "redis", "copying"):
        found = sides.process(name)
        yield from family(name, found.pid if found else None)


def complete(sides: TwoSides) -> int:
    """Jobs that are complete; -1 while nobody answers."""
    try:
        return sides.stages().get("complete", 0)
    except LabrelayError:
        return -1


def write_small(sides: TwoSides, count: int) -> None:
    """As fast as it goes, each closed at once."""
    for number in range(count):
        path = sides.places.images / f"many/{number // PER_FOLDER:04d}/{number:07d}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SMALL))
        sides.stream.written[path.relative_to(sides.places.images).as_posix()] = sha256_of(path)


def write_large(sides: TwoSides, size: int) -> None:
    """Mostly a hole, with random bytes at its beginning, in its middle and at its end."""
    path = sides.places.images / "large.tif"
    with path.open("wb") as stream:
        stream.truncate(size)
        for place in (0, size // 2, max(0, size - SMALL)):
            stream.seek(place)
            stream.write(os.urandom(SMALL))
    sides.stream.written[path.name] = sha256_of(path)


def await_complete(sides: TwoSides, goal: int) -> None:
    """Until so many are complete, or nothing moves any more: then the oracle tells what is missing."""
    begun = moved = said = time.monotonic()
    first = last = complete(sides)
    while last < goal and time.monotonic() - moved < PATIENCE_S:
        time.sleep(LOOK_S)
        now, known = time.monotonic(), complete(sides)
        if known > last:
            last, moved = known, now
        if now - said > SAY_S:
            said = now
            sys.stderr.write(f"{last:,} of {goal:,} complete, {(last - first) / (now - begun):.1f} a second\n")


def measured(sides: TwoSides, what: str, count: int, before: int) -> Found:
    """Wait until so many more jobs are complete, and ask the oracle."""
    begun, parts = time.monotonic(), [before + count * part // PARTS for part in range(1, PARTS + 1)]
    times = [begun]
    with Memory(lambda: processes(sides), LOOK_S) as memory:
        for goal in parts:
            await_complete(sides, goal)
            times.append(time.monotonic())
    verdict, _ = sides.settle(60.0)
    parts_s = [round(later - earlier, 1) for earlier, later in itertools.pairwise(times)]
    counts = len(verdict.missing), len(verdict.doubled), len(verdict.temporary)
    return Found(what, round(times[-1] - begun, 1), parts_s, *counts, memory.growth)


def main() -> int:
    """Run; the exit status is 0 only when all came once and no process grew too much."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.large", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="small files")
    parser.add_argument("--bytes", type=int, default=5_000_000_000, help="size of the large file; 0 leaves it out")
    parser.add_argument("--json", type=Path, help="where the result goes as a document")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labrelay-large-") as root:
        found = list(run(Path(root), arguments.files, arguments.bytes))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n", encoding="utf-8")
    return 0 if all(each.well for each in found) else 1


def run(root: Path, files: int, size: int) -> Iterator[Found]:
    """Both, one after the other, in a system that has worked on one file before."""
    shipped = Oem.model_fields["rescan_s"].default
    places, at_once = Places.below(root), {"work_s": "0"}
    with two_sides(places, random.Random(1), bento=False, rescan_s=shipped, parameters=at_once) as sides:
        sides.stream.write("first.tif")
        sides.settle(60.0)
        if size:
            before = complete(sides)
            write_large(sides, size)
            yield told(measured(sides, f"{size:,} bytes", 1, before))
        if files:
            before = complete(sides)
            write_small(sides, files)
            yield told(measured(sides, f"{files:,} files", files, before))


def told(found: Found) -> Found:
    """Print it."""
    grown = ", ".join(f"{name} {grown / 1e6:.0f} MB" for name, grown in found.growth.items())
    sys.stdout.write(
        f"{found.what}: {found.seconds} s {found.parts_s}, lost {found.lost}, doubled {found.doubled}, "
        f"left behind {found.left_behind}; memory gained: {grown}\n"
    )
    sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(main())
