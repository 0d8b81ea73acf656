"""`labrelay run` and `labrelay demo` as a person starts them: whole systems that end by themselves."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tifffile

from labrelay.files import digest_file
from pipelines.instrument import FieldOptions, Plate, WriterOptions, write_plate
from tests.chain.commands import of_folder

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

REPORT = {
    *("images", "jobs", "complete", "failed", "unmatched", "lost", "doubled", "bytes"),
    *("wall_s", "images_per_s", "latency_s", "results", "tables"),
}
RESULT = {"file", "job_id", "count", "qc_flags", "outputs"}


def labrelay(folder: Path, *words: str) -> tuple[int, str]:
    """Run the command in a folder of its own; exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "labrelay", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert of_folder(folder) == [], "it left processes behind"
    return done.returncode, done.stdout + done.stderr


def run(root: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """`labrelay run` from `images` to `results`; exit status and report."""
    where = ["--input", str(root / "images"), "--output", str(root / "results"), "--json", str(root / "report.json")]
    status, said = labrelay(root, "run", *where, "--wait", "120", *words)
    assert (root / "report.json").exists(), said
    return status, json.loads((root / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sub-folders, two files of one stem, and one that is no image."""
    root = tmp_path_factory.mktemp("run")
    options = WriterOptions(images=3, rate=0.0, slow_every=0, field=FieldOptions(160, 160, 200.0))
    first, second, third = write_plate(root / "made", None, Plate.of_wells("P", 6), options)
    folder = root / "images" / "deep" / "a"
    folder.mkdir(parents=True)
    first.path.rename(folder / "b.tif")
    second.path.rename(root / "images" / "top.tiff")
    write_png(third.path, folder / "b.png")
    (root / "images" / "broken.tif").write_text("this is no image")
    (root / "images" / "notes.txt").write_text("not for any pipeline")
    (root / "images" / "._top.tiff").write_text("what a Mac leaves beside a file")
    (root / "images" / "link.tif").symlink_to(folder / "b.tif")
    return root


def write_png(source: Path, target: Path) -> None:
    import cv2

    cv2.imwrite(str(target), tifffile.imread(source))


@pytest.fixture(scope="module")
def first_run(images: Path) -> tuple[int, dict[str, Any]]:
    return run(images)


def test_one_unreadable_image_makes_the_status_3_and_is_explained(first_run: tuple[int, dict[str, Any]]) -> None:
    status, report = first_run
    assert status == 3
    assert (report["images"], report["jobs"], report["complete"]) == (4, 4, 3)
    assert (report["lost"], report["doubled"], report["unmatched"]) == (0, 0, [])
    (failed,) = report["failed"]
    assert set(failed) == {"file", "code", "cause", "next_step"}
    assert (failed["file"], failed["code"]) == ("broken.tif", "image_unreadable")


def test_the_report_has_exactly_the_agreed_form(images: Path, first_run: tuple[int, dict[str, Any]]) -> None:
    report = first_run[1]
    assert set(report) == REPORT
    assert set(report["latency_s"]) == {"p50", "p95", "max"}
    assert 0 < report["latency_s"]["p50"] <= report["latency_s"]["max"] <= report["wall_s"]
    readable = [path for path in (images / "images").rglob("[!.]*.[tp][in][fg]*") if not path.is_symlink()]
    assert report["bytes"] == sum(path.stat().st_size for path in readable)
    for result in report["results"]:
        assert set(result) == RESULT
        for output in result["outputs"]:
            assert digest_file(images / "results" / output["path"])[0] == output["sha256"]


def test_results_keep_the_sub_folders_and_a_colliding_stem_gets_a_mark(
    images: Path, first_run: tuple[int, dict[str, Any]]
) -> None:
    results = images / "results"
    assert (results / "top_labels.tif").is_file()
    labels = sorted(path.name for path in (results / "deep" / "a").glob("b*_labels.tif"))
    marked = {result["job_id"][:8] for result in first_run[1]["results"] if result["file"].startswith("deep")}
    assert labels[0] == "b_labels.tif"
    assert labels[1:] in [[f"b~{mark}_labels.tif"] for mark in marked]
    by_file = {result["file"]: result for result in first_run[1]["results"]}
    assert set(by_file) == {"top.tiff", "deep/a/b.tif", "deep/a/b.png"}
    for result in by_file.values():
        (mask,) = [output["path"] for output in result["outputs"] if output["path"].endswith("_labels.tif")]
        assert len(set(tifffile.imread(results / mask).ravel().tolist()) - {0}) == result["count"]


def test_a_second_run_goes_on_and_doubles_nothing(images: Path, first_run: tuple[int, dict[str, Any]]) -> None:
    before = state(images / "results")
    (images / "images" / "broken.tif").unlink()
    shutil.copyfile(images / "images" / "top.tiff", images / "images" / "later.tiff")
    status, report = run(images)
    assert (report["images"], report["lost"], report["doubled"]) == (4, 0, 0)
    ids = {result["file"]: result["job_id"] for result in report["results"]}
    assert set(ids) == {"top.tiff", "deep/a/b.tif", "deep/a/b.png", "later.tiff"}
    assert {result["job_id"] for result in first_run[1]["results"]} == set(ids.values()) - {ids["later.tiff"]}
    after = state(images / "results")
    assert {name: after[name] for name in before} == before
    assert {name.partition("_")[0] for name in set(after) - set(before)} == {"later"}
    assert status == 0


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every result with its digest and time of writing."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".labrelay" not in path.parts]
    return {path.relative_to(folder).as_posix(): (digest_file(path)[0], path.stat().st_mtime_ns) for path in files}


@pytest.mark.long
def test_a_pipeline_without_provenance_is_judged_by_the_outputs_that_lie_there(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        (tmp_path / "images" / f"{number}.tif").write_bytes(os.urandom(1000))
    status, report = run(tmp_path, "--pipeline", "only-file")
    assert (report["complete"], report["lost"], report["doubled"], status) == (3, 0, 0, 0)
    assert {path.name for path in (tmp_path / "results").glob("*.tif")} == {"0-sim.tif", "1-sim.tif", "2-sim.tif"}


def test_the_demo_counts_its_plate_finds_what_was_planted_and_leaves_nothing_behind(tmp_path: Path) -> None:
    status, said = labrelay(tmp_path, "demo", "--plant", "--images", "8", "--json", "report.json", "--rate", "20")
    assert status == 0, said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert set(report) == REPORT
    assert (report["images"], report["complete"], report["lost"], report["doubled"]) == (8, 4, 0, 0)
    assert {failed["code"] for failed in report["failed"]} == {"image_unreadable", "parameter_invalid"}
    assert len(report["unmatched"]) == 2
    assert all(set(result) == RESULT | {"true_count"} for result in report["results"])
    assert any(result["true_count"] > 20 for result in report["results"])
    assert said.index("dashboard: http://") < said.index("images done")
    assert "all is well" in said
    assert "planted, and found, and nothing else failed" in said
    (root,) = (tmp_path / "demo-data").iterdir()
    assert "SYNTHETIC" in (root / "SYNTHETIC.txt").read_text(encoding="utf-8")
    assert labrelay(tmp_path, "demo", "--reset")[0] == 0
    assert not (tmp_path / "demo-data").exists()
