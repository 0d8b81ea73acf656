"""Claims: one worker gets everything for one attempt."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from labrelay.capability import load_key, parse_fence, verify
from labrelay.contracts.jobs import Job, SetMember
from labrelay.contracts.launches import Claim
from labrelay.contracts.states import Stage
from labrelay.contracts.transitions import RelaunchJob
from labrelay.http.client import Client
from labrelay.settings import Settings
from task_launcher.attempts import InputLost, layout_of, prepare
from tests.task_launcher.conftest import CONTENT, store_blob
from tests.task_launcher.double import Repository, a_job, a_task

Raw = Callable[..., requests.Response]


def ask(job: Job, worker: str = "w1", epoch: int = 1) -> dict[str, object]:
    return {"job_id": job.id, "epoch": epoch, "worker": worker}


def claimed(launcher: Client, repository: Repository, job: Job) -> Claim:
    repository.wait(job.id, Stage.LAUNCHED)
    return Claim.model_validate(launcher.post("/api/v2/claims", ask(job)))


def test_a_claim_gives_the_input_under_its_name_and_an_empty_output_folder(
    launcher: Client, repository: Repository, job: Job
) -> None:
    claim = claimed(launcher, repository, job)
    assert Path(claim.input_path).name == "A01.tiff"
    assert Path(claim.input_path).read_bytes() == CONTENT
    assert list(Path(claim.output_folder).iterdir()) == []
    assert Path(claim.input_path).is_absolute()
    assert (claim.attempt, claim.lease_s, claim.deadline_s) == (1, 15.0, 600.0)


def test_every_url_of_a_claim_is_good_for_its_attempt_only(
    launcher: Client, repository: Repository, job: Job, settings: Settings
) -> None:
    claim = claimed(launcher, repository, job)
    key = load_key(settings.gateway_layout.secrets)
    for url in (claim.job_update_url, claim.status_url, claim.renew_url):
        query = parse_qs(urlsplit(url).query)
        fence = parse_fence(job.id, claim.task_id, query["attempt"][0])
        verify(key, fence, query["key"][0])
        assert (fence.epoch, fence.attempt) == (1, 1)
    assert urlsplit(claim.job_update_url).port == settings.ports.job_repository
    assert urlsplit(claim.status_url).port == settings.ports.task_launcher


def test_the_same_worker_gets_the_same_claim_again(launcher: Client, repository: Repository, job: Job) -> None:
    first = claimed(launcher, repository, job)
    assert Claim.model_validate(launcher.post("/api/v2/claims", ask(job))) == first


def test_another_worker_is_refused(launcher: Client, repository: Repository, job: Job, raw: Raw) -> None:
    claimed(launcher, repository, job)
    answer = raw("POST", "/api/v2/claims", json=ask(job, "w2"))
    assert answer.status_code == 409
    assert "waiting for a worker" in answer.json()["cause"]


def test_a_launch_of_an_older_epoch_is_refused(launcher: Client, repository: Repository, job: Job, raw: Raw) -> None:
    repository.wait(job.id, Stage.LAUNCHED)
    assert raw("POST", "/api/v2/claims", json=ask(job, epoch=0)).status_code == 409
    assert repository.stage(job.id) is Stage.LAUNCHED


def test_two_attempts_have_separate_folders(launcher: Client, repository: Repository, job: Job) -> None:
    first = claimed(launcher, repository, job)
    repository.take(job.id, RelaunchJob(epoch=1, attempt=1, reason="test"))
    second = claimed(launcher, repository, job)
    assert second.attempt == 2
    assert second.output_folder != first.output_folder


def test_a_lost_input_fails_the_job_and_refuses_the_claim(launcher: Client, repository: Repository, raw: Raw) -> None:
    job = repository.add(a_job(sha256="1" * 64))
    repository.wait(job.id, Stage.LAUNCHED)
    answer = raw("POST", "/api/v2/claims", json=ask(job))
    assert (answer.status_code, answer.json()["code"]) == (409, "input_lost")
    failure = repository.wait(job.id, Stage.FAILED).failure
    assert failure is not None
    assert failure.code == "input_lost"


def test_the_tasks_own_deadline_and_parameters_reach_the_worker(
    launcher: Client, repository: Repository, settings: Settings
) -> None:
    digest, _ = store_blob(settings)
    task = a_task(parameters={"Brightness": "0"}, processing_deadline_s=30)
    job = repository.add(a_job(task, sha256=digest, attributes={"row": "1"}))
    claim = claimed(launcher, repository, job)
    assert (claim.deadline_s, claim.parameters, claim.attributes) == (30, {"Brightness": "0"}, {"row": "1"})


@pytest.mark.parametrize(("path", "name"), [("a/con.tiff", "_con.tiff"), ("x:y?.tif", "x_y_.tif"), ("p/a.", "a")])
def test_the_private_name_is_legal_everywhere(settings: Settings, path: str, name: str) -> None:
    digest, _ = store_blob(settings)
    (private,), _ = prepare(layout_of(settings), a_job(path=path, sha256=digest, attempt=1))
    assert private.name == name


def test_a_pipeline_that_writes_into_its_input_spoils_nothing(settings: Settings) -> None:
    digest, blob = store_blob(settings)
    job = a_job(sha256=digest, attempt=1)
    (private,), _ = prepare(layout_of(settings), job)
    assert private.stat().st_mode & 0o222 == 0
    private.chmod(0o644)
    private.write_bytes(b"scribbled over")
    assert blob.read_bytes() == CONTENT
    assert prepare(layout_of(settings), job)[0] == (private,)


def a_set(settings: Settings, *files: tuple[str, bytes]) -> Job:
    """A lead with these files, the first its own."""
    members = []
    for number, (path, content) in enumerate(files):
        digest, _ = store_blob(settings, content)
        job = a_job(path=path, sha256=digest, size=len(content), attributes={"channel": number + 1})
        members.append(SetMember(job_id=job.id, source=job.source))
    return a_job().model_copy(update={"source": members[0].source, "members": tuple(members)})


def test_a_claim_of_a_set_gives_every_file_in_order_and_under_a_name_of_its_own(
    launcher: Client, repository: Repository, settings: Settings
) -> None:
    files = (("w1/A01.tiff", b"one"), ("w2/A01.tiff", b"two"), ("w3/a01.TIFF", b"one"))
    claim = claimed(launcher, repository, repository.add(a_set(settings, *files)))
    assert [Path(each.path).name for each in claim.members] == ["A01.tiff", "A01~2.tiff", "a01~3.TIFF"]
    assert [Path(each.path).read_bytes() for each in claim.members] == [b"one", b"two", b"one"]
    assert [each.source_path for each in claim.members] == [path for path, _ in files]
    assert [each.attributes["channel"] for each in claim.members] == [1, 2, 3]
    assert (claim.input_path, claim.input_sha256) == (claim.members[0].path, claim.members[0].sha256)
    assert {Path(each.path).parent for each in claim.members} == {Path(claim.input_path).parent}


def test_a_set_that_lacks_the_bytes_of_one_file_is_not_worked_on(settings: Settings) -> None:
    job = a_set(settings, ("A01_w1.tiff", b"one"), ("A01_w2.tiff", b"two"))
    settings.gateway_layout.input_blob("reader-1", job.members[1].source.sha256).unlink()
    with pytest.raises(InputLost, match=r"A01_w2\.tiff"):
        prepare(layout_of(settings), job)


def test_bytes_that_changed_in_the_store_are_never_worked_on(settings: Settings) -> None:
    digest, blob = store_blob(settings)
    blob.write_bytes(b"rotten")
    with pytest.raises(InputLost, match="changed"):
        prepare(layout_of(settings), a_job(sha256=digest, attempt=1))
    assert not blob.exists()
