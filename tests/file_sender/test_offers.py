"""The gateway offers sealed outputs to their instrument only, and finds them also after a restore."""

import os
import threading
import time

import pytest
import requests

from labrelay.contracts.captures import ReturnOffers
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.http import content_digest
from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, capture_of, job_of, seal, served, sha256

LABELS = os.urandom(300_000)


@pytest.fixture
def job(settings: Settings, repository: Repository) -> Job:
    outputs = settings.gateway_layout.root / "outputs"
    return repository.put(seal(outputs, job_of(capture_of("b.tif", b"x"), Stage.SEALING), {"labels.tif": LABELS}))


def offers(settings: Settings, instrument: str = "oem", wait: float = 0) -> ReturnOffers:
    params: dict[str, str | float] = {"instrument": instrument, "wait": wait}
    answer = requests.get(f"{settings.edge_url}/edge/v2/returns", params=params, timeout=15)
    return ReturnOffers.model_validate(answer.json())


def output(settings: Settings, job: Job, index: int | str = 0, **headers: str) -> requests.Response:
    return requests.get(f"{settings.edge_url}/edge/v2/returns/{job.id}/outputs/{index}", headers=headers, timeout=5)


def test_an_offer_says_all_that_the_instrument_needs(settings: Settings, job: Job) -> None:
    (offer,) = offers(settings).offers
    assert (offer.job_id, offer.source_path, offer.generation, offer.attempt) == (job.id, "b.tif", 1, 1)
    assert [(each.name, each.sha256) for each in offer.outputs] == [("labels.tif", sha256(LABELS))]
    assert not offers(settings, "another").offers


def test_a_new_return_ends_the_long_poll(settings: Settings, repository: Repository, job: Job) -> None:
    repository.put(job.model_copy(update={"stage": Stage.SEALING}))
    threading.Timer(0.3, repository.put, [job]).start()
    began = time.monotonic()
    assert offers(settings, wait=10).offers
    assert time.monotonic() - began < 8


def test_accepted_returns_come_again_when_nothing_is_waited_for(
    settings: Settings, repository: Repository, job: Job
) -> None:
    url = f"{settings.edge_url}/edge/v2/returns/{job.id}/accept"
    for _ in range(2):  # a repetition gets the first answer
        answer = requests.post(url, json={"epoch": 1, "attempt": 1}, timeout=5)
        assert answer.json() == {"stage": "receiving"}
    assert [offer.job_id for offer in offers(settings).offers] == [job.id]
    assert requests.post(url, json={"epoch": 1, "attempt": 2}, timeout=5).status_code == 409


def test_outputs_come_whole_or_from_any_byte(settings: Settings, job: Job) -> None:
    whole = output(settings, job)
    assert whole.content == LABELS
    assert whole.headers["Content-Digest"] == content_digest(sha256(LABELS))
    rest = output(settings, job, Range="bytes=100000-")
    assert (rest.status_code, rest.content) == (206, LABELS[100_000:])


@pytest.mark.parametrize(("index", "status"), [("1", 404), ("-1", 404), ("x", 422), ("..%2f..%2fsecret", 404)])
def test_outputs_that_do_not_exist_are_refused(settings: Settings, job: Job, index: str, status: int) -> None:
    assert output(settings, job, index).status_code == status


def test_another_instrument_gets_nothing(settings: Settings, job: Job) -> None:
    assert output(settings, job, **{"X-Instrument": "another"}).status_code == 403
    url = f"{settings.edge_url}/edge/v2/returns/{job.id}/accept"
    headers = {"X-Instrument": "another"}
    assert requests.post(url, json={"epoch": 1, "attempt": 1}, headers=headers, timeout=5).status_code == 403


def test_a_name_that_leads_out_of_the_store_is_refused(settings: Settings, repository: Repository, job: Job) -> None:
    secret = settings.gateway_layout.root / "secret"
    secret.write_bytes(LABELS)
    bad = job.outputs[0].model_copy(update={"name": "../../../secret"})
    repository.put(job.model_copy(update={"outputs": (bad,)}))
    assert output(settings, job).status_code == 403


def test_outputs_that_were_sealed_under_an_older_epoch_are_found(
    settings: Settings, repository: Repository, job: Job
) -> None:
    other = seal(settings.gateway_layout.root / "outputs", job.model_copy(update={"attempt": 2}), {"labels.tif": b"z"})
    assert other.outputs != job.outputs
    repository.put(job.model_copy(update={"epoch": 7, "attempt": 3}))
    assert output(settings, job).content == LABELS


def test_an_output_that_is_gone_fails_its_job_with_a_reason(
    settings: Settings, repository: Repository, job: Job
) -> None:
    next(settings.gateway_layout.root.rglob("labels.tif")).unlink()
    answer = output(settings, job)
    assert (answer.status_code, answer.json()["code"]) == (404, "output_gone")
    failure = repository.jobs[job.id].failure
    assert failure
    assert (failure.code, failure.retryable, failure.owner) == ("output_gone", True, "file-sender-gateway")


def test_receipts_are_passed_on(settings: Settings, repository: Repository, job: Job) -> None:
    received = [{"index": 0, "path": "labels.tif", "sha256": sha256(LABELS)}]
    body = {"job_id": job.id, "epoch": 1, "attempt": 1, "outputs": received}
    assert requests.post(f"{settings.edge_url}/edge/v2/receipts", json=body, timeout=5).json() == {"stage": "complete"}
    assert repository.stage(job.id) is Stage.COMPLETE
    damaged = {**body, "outputs": [{**received[0], "sha256": "0" * 64}]}
    assert requests.post(f"{settings.edge_url}/edge/v2/receipts", json=damaged, timeout=5).status_code == 409
    stray = {**body, "job_id": "../../etc"}
    assert requests.post(f"{settings.edge_url}/edge/v2/receipts", json=stray, timeout=5).status_code == 422


def test_aicsd_s_routes_answer_as_theirs(settings: Settings, repository: Repository, job: Job) -> None:
    import file_sender.gateway.app

    with served(file_sender.gateway.app.create(settings), settings.ports.file_sender_gateway) as url:
        got = requests.get(f"{url}/api/v1/transmitFile/{job.id}/0", timeout=5)
        assert (got.status_code, got.content) == (200, LABELS)
        assert got.headers["Content-Type"].startswith("text/plain")
        assert requests.get(f"{url}/api/v1/transmitFile/{job.id}/x", timeout=5).status_code == 400
        assert requests.get(f"{url}/api/v1/transmitFile/{job.id}/9", timeout=5).status_code == 500
        assert requests.get(f"{url}/api/v1/transmitFile/nobody/0", timeout=5).status_code == 500
        assert requests.post(f"{url}/api/v1/retry", timeout=5).status_code == 200
        assert requests.post(f"{url}/api/v1/archiveFile/{job.id}", timeout=5).status_code == 200
        assert requests.post(f"{url}/api/v1/reject/{job.id}", timeout=5).json()["code"] == "not_offered"
