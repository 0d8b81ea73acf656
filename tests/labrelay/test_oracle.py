import hashlib
import json
from pathlib import Path

from labrelay.oracle import Result, judge


def leave(folder: Path, stem: str, job: str, digest: str, *, source: str, suffix: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = f"{job}{stem}".encode()
    (folder / f"{stem}{suffix}_labels.tif").write_bytes(data)
    told = {
        "input": {"path": source, "sha256": digest},
        "job": {"id": job},
        "task": {"id": "t"},
        "outputs": [{"name": f"{stem}_labels.tif", "sha256": hashlib.sha256(data).hexdigest()}],
    }
    (folder / f"{stem}{suffix}_provenance.json").write_text(json.dumps(told))


def test_all_there_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    leave(tmp_path / "a", "b", "job1", "d1", source="a/b.tif")
    verdict = judge({"a/b.tif": "d1"}, tmp_path)
    assert (verdict.lost, verdict.doubled, verdict.torn) == ((), (), ())
    assert set(verdict.results[0].outputs) == {"a/b_labels.tif", "a/b_provenance.json"}


def test_a_missing_result_is_lost(tmp_path: Path) -> None:
    leave(tmp_path, "a", "job1", "d1", source="a.tif")
    assert judge({"a.tif": "d1", "b.tif": "d2"}, tmp_path).lost == ("b.tif",)


def test_a_result_of_another_content_does_not_count(tmp_path: Path) -> None:
    leave(tmp_path, "a", "job1", "old", source="a.tif")
    assert judge({"a.tif": "new"}, tmp_path).lost == ("a.tif",)


def test_two_jobs_for_one_content_are_doubled(tmp_path: Path) -> None:
    leave(tmp_path, "a", "job1", "d1", source="a.tif")
    leave(tmp_path, "a", "job2", "d1", source="a.tif", suffix="~job2")
    assert judge({"a.tif": "d1"}, tmp_path).doubled == ("a.tif",)


def test_two_sources_of_one_stem_are_not_doubled(tmp_path: Path) -> None:
    leave(tmp_path, "a", "job1", "d1", source="a.tif")
    leave(tmp_path, "a", "job2", "d2", source="a.png", suffix="~job2")
    verdict = judge({"a.tif": "d1", "a.png": "d2"}, tmp_path)
    assert (verdict.lost, verdict.doubled) == ((), ())


def test_a_changed_output_is_torn_and_its_input_lost(tmp_path: Path) -> None:
    leave(tmp_path, "a", "job1", "d1", source="a.tif")
    (tmp_path / "a_labels.tif").write_bytes(b"other")
    verdict = judge({"a.tif": "d1"}, tmp_path)
    assert verdict.torn == ("a_provenance.json",)
    assert verdict.lost == ("a.tif",)


def test_unfinished_files_are_seen(tmp_path: Path) -> None:
    (tmp_path / ".x.labrelay-part").write_bytes(b"")
    assert judge({}, tmp_path).temporary == (".x.labrelay-part",)


def told(job: str, outputs: dict[str, str]) -> Result:
    return Result(source="a.tif", input_sha256="d1", job_id=job, task_id="t", outputs=outputs, finished_s=1.0)


def test_a_told_result_counts_only_while_its_outputs_lie_there_with_their_digests(tmp_path: Path) -> None:
    (tmp_path / "a-sim.tif").write_bytes(b"copy")
    digest = hashlib.sha256(b"copy").hexdigest()
    there = judge({"a.tif": "d1"}, tmp_path, [told("job1", {"a-sim.tif": digest})])
    assert (there.lost, there.doubled) == ((), ())
    assert there.results[0].finished_s == (tmp_path / "a-sim.tif").stat().st_mtime
    assert judge({"a.tif": "d1"}, tmp_path, [told("job1", {"a-sim.tif": "other"})]).lost == ("a.tif",)
    assert judge({"a.tif": "d1"}, tmp_path, [told("job1", {"gone.tif": digest})]).lost == ("a.tif",)


def test_two_told_results_for_one_content_are_doubled(tmp_path: Path) -> None:
    assert judge({"a.tif": "d1"}, tmp_path, [told("job1", {}), told("job2", {})]).doubled == ("a.tif",)
