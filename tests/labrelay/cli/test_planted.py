"""What `demo` says of planted failures, and what it may remove afterwards."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labrelay.cli.leftovers import mark_synthetic, remove_demos
from labrelay.cli.planted import judge_planted, well_but_for
from labrelay.errors import SettingsInvalid
from labrelay.processes import record_process
from labrelay.report import FailedFile, FileResult, Latency, Report

SLIPS = {"P/A01.tif": "cut", "P/A02_w2.tif": "channel"}
GOOD = FileResult(file="P/A03.tif", job_id="3", count=7, qc_flags="", outputs=())


def report(**told: Any) -> Report:
    nothing = {"lost": 0, "doubled": 0, "bytes": 1, "wall_s": 1.0, "images_per_s": 1.0}
    given = {"failed": (failed("P/A01.tif"),), "unmatched": ("P/A02_w2.tif",), "results": (GOOD,), **told}
    return Report(images=3, jobs=3, complete=1, latency_s=Latency(p50=0, p95=0, max=0), **nothing | given)


def failed(file: str) -> FailedFile:
    return FailedFile(file=file, code="image_unreadable", cause="It is cut off.", next_step="Take it again.")


def nobody(_: str) -> bool:
    return False


def test_exactly_the_planted_files_are_all_that_may_be_wrong() -> None:
    found = judge_planted(report(), SLIPS, nobody)
    assert (found.missed, found.others, found.mended) == ((), (), ())
    assert well_but_for(report(), found)


@pytest.mark.parametrize(
    "told",
    [
        {"failed": ()},
        {"unmatched": ()},
        {"failed": (failed("P/A01.tif"), failed("P/A03.tif"))},
        {"unmatched": ("P/A02_w2.tif", "P/A03.tif")},
        {"lost": 1},
        {"doubled": 1},
    ],
)
def test_anything_else_is_not_well(told: dict[str, Any]) -> None:
    assert not well_but_for(report(**told), judge_planted(report(**told), SLIPS, nobody))


@pytest.mark.parametrize(("mended", "well"), [(lambda job: job == "1", True), (nobody, False)])
def test_a_planted_file_with_a_result_needs_a_person_who_saw_to_it(mended: Callable[[str], bool], well: bool) -> None:
    whole = FileResult(file="P/A01.tif", job_id="1", count=5, qc_flags="", outputs=())
    told = report(failed=(), results=(GOOD, whole))
    found = judge_planted(told, SLIPS, mended)
    assert well_but_for(told, found) is well
    assert found.mended == (("P/A01.tif",) if well else ())


def test_a_reset_removes_demos_and_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "demo-data"
    mark_synthetic(data / "20261122-140000")
    mark_synthetic(tmp_path / "elsewhere")
    (data / "mine").mkdir()
    (data / "linked").symlink_to(tmp_path / "elsewhere")
    assert remove_demos(data) == [data / "20261122-140000"]
    assert {path.name for path in data.iterdir()} == {"mine", "linked"}
    assert (tmp_path / "elsewhere").is_dir()


def test_a_reset_leaves_no_empty_folder_and_does_nothing_without_one(tmp_path: Path) -> None:
    data = tmp_path / "demo-data"
    assert remove_demos(data) == []
    mark_synthetic(data / "20261122-140000")
    remove_demos(data)
    assert not data.exists()


def test_a_demo_that_runs_is_not_removed(tmp_path: Path) -> None:
    for name in ("1-over", "2-running"):
        mark_synthetic(tmp_path / name)
    run = tmp_path / "2-running" / "labrelay" / "run"
    run.mkdir(parents=True)
    record_process(run / "supervisor.pid", os.getpid())
    with pytest.raises(SettingsInvalid, match="still runs"):
        remove_demos(tmp_path)
    assert (tmp_path / "1-over").is_dir()
