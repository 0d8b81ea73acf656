"""The final status: after the report, of the attempt that holds the job, from who holds its URL."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from labrelay.access.callers import Caller
from labrelay.contracts.jobs import Job
from labrelay.contracts.launches import Claim
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import RelaunchJob
from labrelay.errors import Forbidden
from labrelay.http.access import Access
from labrelay.http.client import Client
from labrelay.http.roles import Role
from task_launcher.callbacks import check_here
from tests.task_launcher.double import Repository

COMPLETE = "PipelineComplete"


@pytest.fixture
def claim(launcher: Client, repository: Repository, job: Job) -> Claim:
    repository.wait(job.id, Stage.LAUNCHED)
    return Claim.model_validate(launcher.post("/api/v2/claims", {"job_id": job.id, "epoch": 1, "worker": "w"}))


def report(claim: Claim, status: str = COMPLETE, **more: object) -> None:
    answer = requests.put(claim.job_update_url, json={"Status": status, **more}, timeout=10)
    assert answer.status_code == 200, answer.text


def finish(claim: Claim, status: str = COMPLETE, url: str = "") -> int:
    return requests.post(url or claim.status_url, data=status, timeout=10).status_code


def test_report_then_status_completes_a_job_without_outputs(claim: Claim, repository: Repository) -> None:
    report(claim, Results="CellCount, 598")
    assert finish(claim) == 200
    assert repository.stage(claim.job_id) is Stage.COMPLETE


@pytest.mark.parametrize("text", ["pipelinecomplete", " PipelineComplete\n"])
def test_the_body_is_read_as_aicsd_reads_it(claim: Claim, text: str) -> None:
    report(claim)
    assert finish(claim, text) == 200


@pytest.mark.parametrize("text", ["", "Done", "PipelineProcessing", "FileNotFound"])
def test_what_is_no_final_status_is_refused(claim: Claim, repository: Repository, text: str) -> None:
    report(claim)
    assert finish(claim, text) == 400
    assert repository.stage(claim.job_id) is Stage.REPORTED


def test_the_status_before_the_report_is_refused(claim: Claim, repository: Repository) -> None:
    assert finish(claim) == 400
    assert repository.stage(claim.job_id) is Stage.PROCESSING


def test_another_status_than_reported_is_refused(claim: Claim, repository: Repository) -> None:
    report(claim)
    assert finish(claim, "PipelineFailed") == 400
    assert repository.stage(claim.job_id) is Stage.REPORTED


def test_repeating_gets_the_first_answer_after_the_job_moved_on(claim: Claim, repository: Repository) -> None:
    report(claim)
    assert [finish(claim), finish(claim)] == [200, 200]
    assert finish(claim, "PipelineFailed") == 409
    assert repository.stage(claim.job_id) is Stage.COMPLETE


def test_a_failed_pipeline_fails_the_job(claim: Claim, repository: Repository) -> None:
    report(claim, "PipelineFailed")
    assert [finish(claim, "PipelineFailed"), finish(claim, "PipelineFailed")] == [200, 200]
    assert repository.stage(claim.job_id) is Stage.FAILED


def test_an_attempt_that_was_taken_away_is_refused_and_changes_nothing(claim: Claim, repository: Repository) -> None:
    report(claim)
    repository.take(claim.job_id, RelaunchJob(epoch=1, attempt=1, reason="test"))
    assert finish(claim) == 409
    assert requests.post(claim.renew_url, timeout=10).status_code == 409
    assert repository.stage(claim.job_id) in (Stage.READY, Stage.LAUNCHED)


def test_the_first_attempts_url_is_stale_once_a_second_holds_the_job(
    claim: Claim, repository: Repository, launcher: Client
) -> None:
    repository.take(claim.job_id, RelaunchJob(epoch=1, attempt=1, reason="test"))
    repository.wait(claim.job_id, Stage.LAUNCHED)
    again = launcher.post("/api/v2/claims", {"job_id": claim.job_id, "epoch": 1, "worker": "w"})
    second = Claim.model_validate(again)
    report(second)
    assert finish(claim) == 409
    assert finish(second) == 200


def test_a_changed_url_is_refused(claim: Claim, repository: Repository) -> None:
    report(claim)
    for changed in (
        claim.status_url + "0",
        claim.status_url.replace("attempt=1.1", "attempt=1.2"),
        claim.status_url.replace("attempt=1.1", "attempt=x"),
    ):
        assert finish(claim, url=changed) == 403
    assert repository.stage(claim.job_id) is Stage.REPORTED


def test_without_a_capability_loopback_acts_for_the_current_attempt(claim: Claim, repository: Repository) -> None:
    report(claim)
    assert finish(claim, url=claim.status_url.partition("?")[0]) == 200
    assert repository.stage(claim.job_id) is Stage.COMPLETE


@pytest.mark.parametrize("host", ["192.168.1.4", "", "example.org"])
def test_without_a_capability_other_machines_are_refused(host: str) -> None:
    here = Access("task-launcher").is_here({"client": (host, 50_000)})
    with pytest.raises(Forbidden):
        check_here(Caller(Role.ANYONE, local=here))


def test_unknown_job_and_other_task_are_refused_as_aicsd_refuses_them(
    claim: Claim, raw: Callable[..., requests.Response]
) -> None:
    report(claim)
    unknown = raw("POST", f"/api/v1/pipelineStatus/nothing/{claim.task_id}", data=COMPLETE)
    other = raw("POST", f"/api/v1/pipelineStatus/{claim.job_id}/other", data=COMPLETE)
    assert (unknown.status_code, other.status_code) == (400, 400)
    assert unknown.text == "failed to retrieve job(s) from job repo\n"


def test_outputs_are_sealed_and_the_private_folder_goes(claim: Claim, repository: Repository) -> None:
    (Path(claim.output_folder) / "mask.tif").write_bytes(b"mask")
    report(claim, OutputFiles=[{"DirName": claim.output_folder, "Name": "mask.tif"}])
    assert finish(claim) == 200
    job = repository.wait(claim.job_id, Stage.RETURNING)
    assert [output.name for output in job.outputs] == ["mask.tif"]
