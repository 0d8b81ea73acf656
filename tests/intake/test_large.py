"""A file larger than any memory should have to hold, and many at once: all come whole, and no process grows with them.

`LABRELAY_LARGE=1` takes 5 GB in place of 512 MB (25 GB of disk for a while, some minutes) and 5,000 files, not 100.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from labrelay.contracts.states import Stage
from labrelay.files import digest_file
from tests.chain.system import Chain, chain_of, chain_settings, judge_copies
from tests.intake.drop import Drop
from tests.memory import Memory, Named, family
from tests.polling import until

LARGE: Final = os.environ.get("LABRELAY_LARGE") == "1"
SIZE: Final = 5_000_000_000 if LARGE else 512_000_000
FILES: Final = 5_000 if LARGE else 100
MOST_GROWTH: Final = 300_000_000
"""Bytes of resident memory that a process may gain; less than the large file has."""
PATIENCE_S: Final = 1_500.0 if LARGE else 150.0

pytestmark = [pytest.mark.process, pytest.mark.timeout(3_600 if LARGE else 400)]


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    """A chain that has worked on a small file before, so that all is loaded; nothing of it is left on the disk."""
    root = tmp_path_factory.mktemp("large")
    with chain_of(chain_settings(root)) as chain:
        chain.add_task("only-file")
        drop = Drop(chain)
        drop.drop("first.tif", os.urandom(100_000))
        drop.await_stage("first.tif", Stage.COMPLETE)
        yield drop
    shutil.rmtree(root)


def processes(drop: Drop) -> Iterator[Named]:
    """Every process of the chain."""
    for child in drop.chain.session.tree.children:
        yield from family(child.spec.name, child.pid)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long it took; nothing is asserted of it."""
    begun = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - begun:.1f} s")  # noqa: T201


def make_large(path: Path, size: int) -> None:
    """Mostly a hole, with random bytes at its beginning, in its middle and at its end."""
    with path.open("wb") as stream:
        stream.truncate(size)
        for place in (0, size // 2, size - 3_000_000):
            stream.seek(place)
            stream.write(os.urandom(3_000_000))


def test_a_large_file_streams_through_without_being_held_in_memory(dropped: Drop) -> None:
    path = dropped.folder / "large.tif"
    make_large(path, SIZE)
    digest, size = digest_file(path)
    with Memory(lambda: processes(dropped)) as memory, timed(f"{SIZE / 1e9:g} GB through the chain and back"):
        job = dropped.await_stage("large.tif", Stage.COMPLETE, Stage.FAILED, seconds=PATIENCE_S)
    print(memory)  # noqa: T201
    assert job.stage is Stage.COMPLETE, job.failure
    assert (job.source.size, job.source.sha256) == (size, digest)
    (output,) = job.outputs
    assert digest_file(dropped.chain.output / str(output.returned_path)) == (digest, size)
    assert memory.most < MOST_GROWTH, memory


def test_many_files_at_once_all_come_back_once(dropped: Drop) -> None:
    names = [f"burst/{number // 96:03}/{number % 96:02}.tif" for number in range(FILES)]
    with Memory(lambda: processes(dropped)) as memory, timed(f"{FILES} files at once"):
        for name in names:
            dropped.drop(name, os.urandom(2_000))
        until(lambda: complete(dropped.chain) >= len(names) + 1, "all complete", PATIENCE_S, pause_s=0.5)
    print(memory)  # noqa: T201
    written = {name: dropped.digests[name] for name in names}
    findings = judge_copies(written, dropped.chain.output / "burst")
    assert findings.well, findings
    assert memory.most < MOST_GROWTH, memory


def complete(chain: Chain) -> int:
    return chain.stages().get("complete", 0)
