"""A pipeline that swaps, links and misnames its outputs gets nothing sealed but files of its own, and blocks nobody."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labrelay.contracts.jobs import Job, PipelineReport, ReportedOutput
from labrelay.contracts.states import PipelineStatus, Stage
from labrelay.errors import PipelineProblem
from labrelay.files import beneath, inside
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings
from task_launcher.attempts import layout_of, output_folder
from task_launcher.jobs import Jobs
from task_launcher.sealing import OutputMissing, OutputOutside, Sealing, seal
from tests.task_launcher.double import Repository, a_job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are made otherwise on Windows")


@pytest.fixture
def layout(settings: Settings) -> GatewayLayout:
    return layout_of(settings)


@pytest.fixture
def secret(layout: GatewayLayout) -> Path:
    """Another job's input, in the same store."""
    file = layout.input_blob("other", hashlib.sha256(b"secret").hexdigest())
    file.parent.mkdir(parents=True)
    file.write_bytes(b"secret")
    return file


def reported(name: str, directory: str = "") -> Job:
    outputs = (ReportedOutput(directory=directory, name=name),)
    report = PipelineReport(status=PipelineStatus.COMPLETE, outputs=outputs)
    return a_job(stage=Stage.SEALING, attempt=1, report=report)


def folder_of(layout: GatewayLayout, job: Job) -> Path:
    folder = output_folder(layout, job)
    folder.mkdir(parents=True)
    return folder


def sealed_bytes(layout: GatewayLayout, job: Job) -> list[bytes]:
    return [file.read_bytes() for file in layout.outputs(job.id, job.epoch, job.attempt).glob("**/*") if file.is_file()]


def swapping(monkeypatch: pytest.MonkeyPatch, swap: Callable[[], None]) -> None:
    """Let the pipeline act at the worst moment: after the path was checked, before it is opened."""
    real = inside

    def check(root: Path, relative: str) -> Path:
        found = real(root, relative)
        swap()
        return found

    monkeypatch.setattr(beneath, "inside", check)


def swapped(layout: GatewayLayout, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]) -> Job:
    """A job whose output is made into something else between the check and its use."""
    job = reported("mask.tif")
    mask = folder_of(layout, job) / "mask.tif"
    mask.write_bytes(b"mine")

    def swap() -> None:
        mask.unlink()
        make(mask)

    swapping(monkeypatch, swap)
    return job


def test_an_output_that_becomes_a_link_after_the_check_is_refused(
    layout: GatewayLayout, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = swapped(layout, monkeypatch, lambda mask: mask.symlink_to(secret))
    with pytest.raises(OutputOutside):
        seal(layout, job)
    assert b"secret" not in sealed_bytes(layout, job)


def test_a_folder_that_becomes_a_link_after_the_check_is_refused(
    layout: GatewayLayout, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = reported(secret.name, "sub")
    sub = folder_of(layout, job) / "sub"
    sub.mkdir()
    (sub / secret.name).write_bytes(b"mine")

    def swap() -> None:
        sub.rename(sub.with_name("was"))
        sub.symlink_to(secret.parent)

    swapping(monkeypatch, swap)
    with pytest.raises(OutputOutside):
        seal(layout, job)
    assert b"secret" not in sealed_bytes(layout, job)


def test_the_attempts_own_folder_being_a_link_is_refused(layout: GatewayLayout, secret: Path) -> None:
    job = reported(secret.name)
    folder = folder_of(layout, job)
    folder.rmdir()
    folder.symlink_to(secret.parent)
    with pytest.raises(OutputOutside):
        seal(layout, job)


def test_a_second_name_of_another_file_is_refused(layout: GatewayLayout, secret: Path) -> None:
    job = reported("mask.tif")
    (folder_of(layout, job) / "mask.tif").hardlink_to(secret)
    with pytest.raises(OutputOutside):
        seal(layout, job)
    assert not sealed_bytes(layout, job)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: None])
def test_what_is_no_file_fails_the_job_at_once(layout: GatewayLayout, make: Callable[[Path], None]) -> None:
    job = reported("mask.tif")
    make(folder_of(layout, job) / "mask.tif")
    with pytest.raises(OutputMissing):
        seal(layout, job)


def test_an_output_that_becomes_a_pipe_after_the_check_keeps_nobody_waiting(
    layout: GatewayLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = swapped(layout, monkeypatch, os.mkfifo)
    with pytest.raises(OutputMissing):
        seal(layout, job)


@pytest.mark.parametrize(
    "name",
    ["a" * 5_000, "a\x00b", "../x", "..\\x", "/etc/passwd", "\ud800", "a/" * 3_000 + "b", ".", "..", "\u202egnp.exe"],
)
def test_a_name_that_no_file_can_have_fails_the_job_and_is_not_tried_for_ever(
    layout: GatewayLayout, jobs: Jobs, repository: Repository, name: str
) -> None:
    job = reported("later")
    folder_of(layout, job)
    with pytest.raises(PipelineProblem):
        seal(layout, job.model_copy(update={"report": _named(name)}))


def _named(name: str) -> PipelineReport:
    output = ReportedOutput.model_construct(directory="", name=name, sha256=None)
    return PipelineReport.model_construct(status=PipelineStatus.COMPLETE, outputs=(output,), qc_flags="", results="")


def test_a_job_with_a_link_fails_with_the_reason(
    layout: GatewayLayout, jobs: Jobs, repository: Repository, secret: Path
) -> None:
    job = repository.add(reported("mask.tif"))
    (folder_of(layout, job) / "mask.tif").symlink_to(secret)
    Sealing(layout, jobs).settle(job)
    assert repository.stage(job.id) is Stage.FAILED
    assert not sealed_bytes(layout, job)
