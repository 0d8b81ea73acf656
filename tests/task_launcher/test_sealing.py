"""Outputs leave the private folder by copy, hashed; nothing else leaves it, and a crash at any step harms nothing."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from labrelay.contracts.aicsd import wire_job
from labrelay.contracts.jobs import Job, PipelineReport, ReportedOutput
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.errors import ServiceUnavailable
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings
from task_launcher.attempts import layout_of, output_folder
from task_launcher.jobs import Jobs
from task_launcher.names import unique_names
from task_launcher.sealing import OutputOutside, Sealing, reported_path, seal
from tests.task_launcher.double import Repository, a_job


@pytest.fixture
def layout(settings: Settings) -> GatewayLayout:
    return layout_of(settings)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def reported(*outputs: ReportedOutput, **more: Any) -> Job:
    report = PipelineReport(status=PipelineStatus.COMPLETE, outputs=outputs)
    return a_job(stage=Stage.SEALING, attempt=1, report=report, **more)


def wrote(layout: GatewayLayout, job: Job, **files: bytes) -> Path:
    folder = output_folder(layout, job)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_an_output_is_copied_to_a_file_that_the_pipeline_cannot_reach(layout: GatewayLayout) -> None:
    job = reported(ReportedOutput(directory="", name="mask", sha256=digest(b"one")))
    folder = wrote(layout, job, mask=b"one")
    (sealed,) = seal(layout, job)
    (folder / "mask").write_bytes(b"two")
    stored = layout.outputs(job.id, 1, 1) / sealed.name
    assert stored.read_bytes() == b"one"
    assert (sealed.size, sealed.sha256) == (3, digest(b"one"))


def test_aicsd_pipelines_name_the_folder_absolutely(layout: GatewayLayout) -> None:
    plain = reported()
    folder = wrote(layout, plain, mask=b"one")
    (folder / "sub").mkdir()
    (folder / "sub" / "deep").write_bytes(b"two")
    job = plain.model_copy(
        update={
            "report": reported(
                ReportedOutput(directory=f"{folder}/", name="mask"),
                ReportedOutput(directory=str(folder / "sub"), name="deep"),
            ).report
        }
    )
    assert [output.name for output in seal(layout, job)] == ["mask", "deep"]


@pytest.mark.parametrize(
    ("directory", "name"),
    [("/etc", "passwd"), ("", "../../input/A01.tiff"), ("..", "x"), ("", "/etc/passwd"), ("", ""), ("", "a\x00b")],
)
def test_nothing_outside_the_private_folder_is_taken(layout: GatewayLayout, directory: str, name: str) -> None:
    with pytest.raises(OutputOutside):
        reported_path(wrote(layout, a_job()), ReportedOutput(directory=directory, name=name))


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_are_not_followed(layout: GatewayLayout, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    job = reported()
    folder = wrote(layout, job, real=b"one")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "in").symlink_to(folder / "real")
    (folder / "folder").symlink_to(tmp_path)
    for name in ("out", "in", "folder/secret"):
        named = reported(ReportedOutput(directory="", name=name)).report
        with pytest.raises(OutputOutside):
            seal(layout, job.model_copy(update={"report": named}))


def test_the_second_output_of_a_name_gets_a_suffix() -> None:
    assert unique_names(["a.tif", "A.TIF", "sub/a.tif", "b", "b", "con.csv"]) == [
        "a.tif", "A~2.TIF", "a~3.tif", "b", "b~2", "_con.csv",
    ]  # fmt: skip


def test_two_outputs_of_one_name_are_both_sealed(layout: GatewayLayout) -> None:
    job = reported(ReportedOutput(directory="x", name="a.tif"), ReportedOutput(directory="y", name="a.tif"))
    folder = wrote(layout, job)
    for sub in "xy":
        (folder / sub).mkdir()
        (folder / sub / "a.tif").write_bytes(sub.encode())
    assert [(o.name, o.sha256) for o in seal(layout, job)] == [("a.tif", digest(b"x")), ("a~2.tif", digest(b"y"))]


@pytest.fixture
def sealing(layout: GatewayLayout, jobs: Jobs) -> Sealing:
    return Sealing(layout, jobs)


def test_a_sealed_job_is_handed_over_and_its_private_folder_removed(
    sealing: Sealing, layout: GatewayLayout, repository: Repository
) -> None:
    job = repository.add(reported(ReportedOutput(directory="", name="mask")))
    wrote(layout, job, mask=b"one")
    sealing.settle(job)
    assert repository.stage(job.id) is Stage.RETURNING
    assert not (layout.root / "work" / job.id).exists()


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (ReportedOutput(directory="", name="absent"), "output_missing"),
        (ReportedOutput(directory="", name="folder"), "output_missing"),
        (ReportedOutput(directory="", name="mask", sha256="0" * 64), "output_digest_mismatch"),
        (ReportedOutput(directory="/etc", name="passwd"), "output_outside_folder"),
    ],
)
def test_what_cannot_be_sealed_fails_the_job_and_leaves_nothing(
    sealing: Sealing, layout: GatewayLayout, repository: Repository, output: ReportedOutput, code: str
) -> None:
    job = repository.add(reported(ReportedOutput(directory="", name="mask"), output))
    (wrote(layout, job, mask=b"one") / "folder").mkdir()
    sealing.settle(job)
    failure = repository.jobs[job.id].failure
    assert failure is not None
    assert failure.code == code
    shown = wire_job(repository.jobs[job.id]).pipeline_details.status
    assert shown == ("FileNotFound" if code == "output_missing" else "PipelineComplete")
    assert not layout.outputs(job.id, 1, 1).exists()
    assert not layout.work(job.id, 1, 1).exists()


def test_sealing_again_after_a_crash_before_the_hand_over_gives_the_same(
    sealing: Sealing, layout: GatewayLayout, repository: Repository
) -> None:
    job = repository.add(reported(ReportedOutput(directory="", name="mask")))
    wrote(layout, job, mask=b"one")
    before = seal(layout, job)
    torn = layout.outputs(job.id, 1, 1) / ".0123.labrelay-part"
    torn.write_bytes(b"half")
    sealing.settle(job)
    assert repository.jobs[job.id].outputs == before
    assert not torn.exists()


def test_a_job_that_was_sealed_already_is_never_failed_for_its_empty_folder(
    sealing: Sealing, layout: GatewayLayout, repository: Repository
) -> None:
    job = repository.add(reported(ReportedOutput(directory="", name="mask")))
    wrote(layout, job, mask=b"one")
    sealing.settle(job)
    sealing.settle(job)
    assert repository.stage(job.id) is Stage.RETURNING
    assert (layout.outputs(job.id, 1, 1) / "mask").read_bytes() == b"one"


def test_a_full_disk_fails_no_job(sealing: Sealing, layout: GatewayLayout, repository: Repository) -> None:
    job = repository.add(reported(ReportedOutput(directory="", name="mask")))
    wrote(layout, job, mask=b"one")
    blocked = layout.root / "outputs"
    blocked.write_bytes(b"a file where the store's folder should be")
    with pytest.raises(ServiceUnavailable):
        sealing.settle(job)
    assert repository.stage(job.id) is Stage.SEALING
    blocked.unlink()
    sealing.settle(job)
    assert repository.stage(job.id) is Stage.RETURNING
