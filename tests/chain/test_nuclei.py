"""The chain with the real pipeline: Bento, OpenVINO and the model that ships."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import tifffile

from labrelay.contracts.states import FINAL
from labrelay.files import digest_file
from labrelay.oracle import judge
from pipelines.instrument import FieldOptions, Plate, WriterOptions, write_plate
from tests.chain.jobs import Jobs
from tests.chain.system import Chain, chain_of, chain_settings
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def nuclei(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_of(chain_settings(tmp_path_factory.mktemp("nuclei"), pipelines=("nuclei",))) as chain:
        chain.add_task("nuclei")
        yield chain


@pytest.fixture(scope="module")
def plate(nuclei: Chain, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Three images that came back."""
    names = acquire(nuclei, "PLATE1", 3, truth=tmp_path_factory.mktemp("truth"))
    await_all(nuclei, names)
    return names


def acquire(chain: Chain, name: str, images: int, truth: Path | None = None, size: int = 160) -> list[str]:
    """Write a plate of images of `size` × `size` pixels; their paths below the watched folder."""
    folder = chain.instrument.folder
    options = WriterOptions(len(name), images, rate=0.0, slow_every=0, field=FieldOptions(size, size, 200.0))
    written = write_plate(folder, truth, Plate.of_wells(name, 6), options)
    chain.instrument.written.update({image.path.relative_to(folder).as_posix(): image.sha256 for image in written})
    return [image.path.relative_to(folder).as_posix() for image in written]


def await_all(chain: Chain, names: list[str]) -> None:
    until(lambda: Jobs(chain.session.repository).complete(names), "all complete", 90)


def job_of(chain: Chain, name: str) -> dict[str, Any]:
    (job,) = Jobs(chain.session.repository).of(name)
    return job


def outputs_of(chain: Chain, job: dict[str, Any]) -> dict[str, Path]:
    """Output files on the instrument's side by what they are: labels, overlay, objects, provenance."""
    paths = [chain.output / output["returned_path"] for output in job["outputs"]]
    return {path.stem.rpartition("_")[2]: path for path in paths}


def test_every_image_has_its_four_outputs_beside_each_other(nuclei: Chain, plate: list[str]) -> None:
    for name in plate:
        outputs = outputs_of(nuclei, job_of(nuclei, name))
        assert set(outputs) == {"labels", "overlay", "objects", "provenance"}
        assert all(path.is_file() and path.parent == nuclei.output / "PLATE1" for path in outputs.values())


def test_the_mask_has_as_many_objects_as_the_report_says(nuclei: Chain, plate: list[str]) -> None:
    counts = []
    for name in plate:
        job = job_of(nuclei, name)
        outputs = outputs_of(nuclei, job)
        objects = set(tifffile.imread(outputs["labels"]).ravel().tolist()) - {0}
        counts.append(len(objects))
        assert job["report"]["results"] == f"CellCount, {len(objects)}"
        assert len(outputs["objects"].read_text().splitlines()) == len(objects) + 1
    assert max(counts) > 5


def test_digests_agree_from_the_instrument_over_the_record_to_the_output_folder(
    nuclei: Chain, plate: list[str]
) -> None:
    for name in plate:
        job = job_of(nuclei, name)
        outputs = outputs_of(nuclei, job)
        told = json.loads(outputs["provenance"].read_text())
        assert told["input"]["sha256"] == nuclei.instrument.written[name] == job["source"]["sha256"]
        assert told["input"]["path"] == name
        sealed = {output["name"]: output["sha256"] for output in job["outputs"]}
        for entry in told["outputs"]:
            assert entry["sha256"] == sealed[entry["name"]]
        assert {path.name: digest_file(path)[0] for path in outputs.values()} == sealed


def test_an_unreadable_image_fails_with_a_next_step_and_delays_no_other(nuclei: Chain, plate: list[str]) -> None:
    (nuclei.instrument.folder / "broken.tif").write_text("this is no image")
    names = acquire(nuclei, "PLATE_2", 2)
    await_all(nuclei, names)
    failure = failed(nuclei, "broken.tif")["failure"]
    assert failure["code"] == "image_unreadable"
    assert "broken.tif" in failure["cause"]
    assert failure["next_step"]
    assert not list(nuclei.output.glob("broken*"))


def test_a_retry_of_an_unreadable_image_fails_again_with_the_same_reason(nuclei: Chain, plate: list[str]) -> None:
    (nuclei.instrument.folder / "cut off.tif").write_bytes(b"II*\0")
    before = failed(nuclei, "cut off.tif")
    nuclei.session.repository.post(f"/api/v2/jobs/{before['id']}/retry")
    after = failed(nuclei, "cut off.tif", attempt=before["attempt"] + 1)
    assert after["failure"] == before["failure"]


@pytest.mark.long
def test_killing_both_processes_of_the_bento_loses_and_doubles_nothing(nuclei: Chain, plate: list[str]) -> None:
    names = acquire(nuclei, "PLATE__3", 6, size=640)
    killed = kill_at_work(nuclei, "PLATE__3", set())
    kill_at_work(nuclei, "PLATE__3", killed)
    await_all(nuclei, names)
    verdict = judge({name: nuclei.instrument.written[name] for name in names}, nuclei.output)
    assert (verdict.lost, verdict.doubled, verdict.torn, verdict.temporary) == ((), (), (), ())
    for name in names:
        assert len(Jobs(nuclei.session.repository).steps(job_of(nuclei, name)["id"], "receive")) == 1


def kill_at_work(chain: Chain, path: str, earlier: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """kill -9 the Bento while it works on an attempt that isn't among the `earlier` ones; those that it worked on."""
    until(lambda: children_of(chain.pid("nuclei")), "BentoML's worker runs beside its arbiter")
    at_work = until(lambda: attempts_in_work(chain, path) - earlier, "at work", pause_s=0.005)
    chain.kill("nuclei")
    return at_work | attempts_in_work(chain, path)


def children_of(pid: int | None) -> list[psutil.Process]:
    """None while a killed one's number still stands where the next one's will."""
    try:
        return psutil.Process(pid).children() if pid else []
    except psutil.NoSuchProcess:
        return []


def attempts_in_work(chain: Chain, path: str) -> set[tuple[str, int]]:
    jobs = Jobs(chain.session.repository).of(path)
    return {(job["id"], job["attempt"]) for job in jobs if job["stage"] == "processing"}


def failed(chain: Chain, name: str, attempt: int = 1) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        jobs = Jobs(chain.session.repository).of(name)
        return jobs[0] if jobs and jobs[0]["stage"] in FINAL and jobs[0]["attempt"] >= attempt else None

    job = until(look, f"{name} is final")
    assert job is not None
    assert job["stage"] == "failed"
    return job
