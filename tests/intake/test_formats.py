"""Every kind of image file over the real chain, each made by the tests."""

import shutil
from collections.abc import Iterator
from typing import Any, Final

import pytest

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from tests.chain.system import chain_of, chain_settings
from tests.intake.drop import Drop, Writer
from tests.intake.test_bad_images import nuclei, raw
from tests.pipelines.images.made import KINDS, Write

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

MAKERS: Final = {
    "scan.czi": b"ZISRAWFILE" + bytes(600),
    "scan.lif": b"\x70\x00\x00\x00\x05\x00\x00\x00\x2a" + bytes(600),
    "scan.nd2": b"\xda\xce\xbe\x0a" + bytes(600),
    "scan.oib": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
}
"""Formats of makers by their first bytes: without the extra they are refused by name, with it as damaged."""

HIDING_NUCLEI: Final = frozenset({"bool.tif"})


def of_brightness(write: Write, top: float) -> Writer:
    return lambda path: write(path, nuclei(top=top))


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    with chain_of(chain_settings(tmp_path_factory.mktemp("formats"), pipelines=("nuclei",))) as chain:
        chain.add_task("nuclei")
        drop = Drop(chain)
        for number, (name, write) in enumerate(KINDS.items()):
            # Each has a brightness of its own, so that no two contents are equal.
            drop.write(name, of_brightness(write, 3500.0 + number))
        for name, content in MAKERS.items():
            drop.write(name, raw(content))
        drop.await_final(120)
        shutil.rmtree(drop.folder.parent / "made")
        yield drop


@pytest.fixture(scope="module")
def jobs(dropped: Drop) -> dict[str, Job]:
    """The one job of each file."""
    jobs = dropped.jobs()
    assert len(jobs) == len(dropped.digests)
    return {job.source.path: job for job in jobs}


def count_of(job: Job) -> int:
    assert job.stage is Stage.COMPLETE, job.failure
    assert job.report is not None
    return int(job.report.results.removeprefix("CellCount, "))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_completes_with_its_count(jobs: dict[str, Job], kind: str) -> None:
    assert count_of(jobs[kind]) == 4 or kind in HIDING_NUCLEI


@pytest.mark.parametrize("name", MAKERS)
def test_a_makers_format_without_its_extra_fails_by_name(dropped: Drop, jobs: dict[str, Job], name: str) -> None:
    assert jobs[name].stage is Stage.FAILED
    failure = dropped.told(jobs[name])
    assert failure.code in ("format_needs_extra", "image_unreadable", "image_not_supported")
    assert name in failure.cause
    assert failure.next_step
    assert dropped.unharmed(name)


def test_what_the_measurements_say_of_the_plane(jobs: dict[str, Job]) -> None:
    report = jobs["ome.tif"].report
    assert report is not None
    told: dict[str, Any] = dict(report.measurements)
    assert told["channel"] == 0
    assert not {"z", "time"} & set(told)  # all z, the brightest at each pixel; there is only one time
    assert told["mean_area_um2"] == pytest.approx(told["mean_area_px"] / 4)
