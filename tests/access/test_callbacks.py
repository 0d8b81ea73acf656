"""Callbacks need no token: their key is the authorisation, good for one attempt of one job and for nothing else."""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from labrelay.access.roles import Role
from labrelay.capability import Fence, query
from tests.access.gateway import Guarded
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
REPORT: Final = {"Status": "PipelineFailed", "QCFlags": "", "OutputFiles": [], "Results": ""}


@dataclass(frozen=True)
class Held:
    """What a worker holds: the paths of its three callbacks."""

    job: str
    report: str
    status: str
    lease: str


@pytest.fixture(scope="module")
def held(gateway: Guarded) -> tuple[Held, Held]:
    """Two claims of two jobs."""
    gateway.add_task("only-file", "callback")
    return claimed(gateway, "callback-a.tif"), claimed(gateway, "callback-b.tif")


def claimed(gateway: Guarded, name: str) -> Held:
    address, token = f"/api/v2/captures?instrument=reader-1&path={name}", gateway.tokens[Role.INSTRUMENT]
    pushed = gateway.call("data_organizer_gateway", "POST", address, token, data=name.encode())
    job = pushed.json()["jobs"][0]["id"]
    answers: list[dict[str, Any]] = []

    def claim() -> bool:
        epoch = gateway.own("job_repository").get("/api/v2/epoch")["epoch"]
        told = {"job_id": job, "epoch": epoch, "worker": "w"}
        answer = gateway.call("task_launcher", "POST", "/api/v2/claims", gateway.tokens[Role.PIPELINE], json=told)
        answers.append(answer.json())
        return answer.status_code == 200

    until(claim, f"{name} is claimed", 20)
    urls = [answers[-1][key] for key in ("job_update_url", "status_url", "renew_url")]
    return Held(job, *(f"{urlsplit(url).path}?{urlsplit(url).query}" for url in urls))


def report(gateway: Guarded, address: str) -> int:
    return gateway.call("job_repository", "PUT", address, json=REPORT).status_code


def finish(gateway: Guarded, address: str) -> int:
    return gateway.call("task_launcher", "POST", address, data="PipelineFailed").status_code


def renew(gateway: Guarded, address: str) -> int:
    return gateway.call("task_launcher", "POST", address).status_code


def changed(address: str) -> dict[str, str]:
    """What somebody might make of a callback's address."""
    path, _, asked = address.partition("?")
    attempt, _, key = asked.partition("&key=")
    number = int(attempt.rpartition(".")[2])
    before, last = attempt.rpartition(".")[0], "0" if key[-1] != "0" else "1"
    return {
        "no key": path,
        "an empty key": f"{path}?{attempt}&key=",
        "a guessed key": f"{path}?{attempt}&key={'0' * 64}",
        "a key cut short": f"{path}?{attempt}&key={key[:-1]}",
        "one digit changed": f"{path}?{attempt}&key={key[:-1]}{last}",
        "the next attempt": f"{path}?{before}.{number + 1}&key={key}",
        "another epoch": f"{path}?attempt=99.{number}&key={key}",
        "a leading zero": f"{path}?{before}.0{number}&key={key}",
        "another task": f"{path[:-1]}{'0' if path[-1] != '0' else '1'}?{asked}",
    }


@pytest.mark.parametrize("change", changed("/x?attempt=1.1&key=ab"))
def test_a_changed_address_is_refused(gateway: Guarded, held: tuple[Held, Held], change: str) -> None:
    mine = held[0]
    answers = [
        report(gateway, changed(mine.report)[change]),
        finish(gateway, changed(mine.status)[change]),
        renew(gateway, changed(mine.lease)[change]),
    ]
    assert all(400 <= answer < 500 for answer in answers), answers
    assert _stage(gateway, mine.job) == "processing"


def test_the_key_of_one_job_opens_no_other(gateway: Guarded, held: tuple[Held, Held]) -> None:
    mine, other = held
    assert report(gateway, f"{other.report.partition('?')[0]}?{mine.report.partition('?')[2]}") == 403
    assert finish(gateway, f"{other.status.partition('?')[0]}?{mine.status.partition('?')[2]}") == 403
    assert renew(gateway, f"{other.lease.partition('?')[0]}?{mine.lease.partition('?')[2]}") == 403
    assert _stage(gateway, other.job) == "processing"


def test_a_key_that_another_gateway_signed_opens_nothing(gateway: Guarded, held: tuple[Held, Held]) -> None:
    path = held[0].report.partition("?")[0]
    job, task = path.rsplit("/", 2)[1:]
    fence = Fence(job, task, 1, 1)
    for key in (b"", b"0" * 32, bytes(32)):
        assert report(gateway, f"{path}?{query(key, fence)}") == 403
        assert report(gateway, f"{path}?{query(key, replace(fence, attempt=2))}") == 403


def test_whoever_has_the_key_needs_no_token_and_a_used_key_changes_nothing(
    gateway: Guarded, held: tuple[Held, Held]
) -> None:
    mine = held[1]
    assert renew(gateway, mine.lease) == 200
    assert report(gateway, mine.report) == 200
    assert finish(gateway, mine.status) == 200
    assert _stage(gateway, mine.job) == "failed"
    assert finish(gateway, mine.status) in (200, 409)
    gateway.call("job_repository", "POST", f"/api/v2/jobs/{mine.job}/retry", gateway.tokens[Role.OPERATOR])
    assert renew(gateway, mine.lease) == 409
    assert report(gateway, mine.report) == 409 or _stage(gateway, mine.job) != "failed"


def _stage(gateway: Guarded, job: str) -> str:
    return str(gateway.own("job_repository").get(f"/api/v2/jobs/{job}")["stage"])
