"""Paused, the receiver on the instrument's side writes nothing; afterwards it goes on where it was."""

import contextlib
import os
import time
from collections.abc import Iterator

import requests

import file_receiver.oem.app
from labrelay.contracts.jobs import Job
from labrelay.contracts.pauses import Pause
from labrelay.contracts.states import Stage
from labrelay.pause import PauseFiles
from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, capture_of, job_of, seal, served
from tests.file_receiver.relay import Relay
from tests.polling import until

ADA = Pause(by="Ada", since_ns=1)
LABELS = os.urandom(1_200_000)


@contextlib.contextmanager
def receiving(settings: Settings) -> Iterator[str]:
    with served(file_receiver.oem.app.create(settings), settings.ports.file_receiver_oem) as url:
        yield url


def offered(settings: Settings, repository: Repository) -> Job:
    job = job_of(capture_of("a/b.tif", os.urandom(8)), Stage.SEALING)
    return repository.put(seal(settings.gateway_layout.root / "outputs", job, {"b_labels.tif": LABELS}))


def complete(repository: Repository, job: Job) -> bool:
    return repository.stage(job.id) is Stage.COMPLETE


def test_paused_it_takes_up_nothing(settings: Settings, repository: Repository) -> None:
    pauses = PauseFiles(settings.oem_layout)
    pauses.set_gateway(ADA)
    job = offered(settings, repository)
    with receiving(settings) as url:
        assert "Ada" in requests.get(f"{url}/api/v2/status", timeout=5).json()["paused"]
        time.sleep(0.5)
        assert repository.stage(job.id) is Stage.RETURNING
        assert not list(settings.oem.output_folder.rglob("*"))
        pauses.set_gateway(None)
        until(lambda: complete(repository, job))


def test_a_pull_under_way_breaks_off_and_resumes_where_it_was(settings: Settings, repository: Repository) -> None:
    job = offered(settings, repository)
    pauses = PauseFiles(settings.oem_layout)
    with Relay(settings.ports.edge) as relay:
        oem = settings.oem.model_copy(update={"max_mb_per_s": 1.0, "edge_url": relay.url})
        with receiving(settings.model_copy(update={"oem": oem})) as url:
            (part,) = until(lambda: [each for each in oem.output_folder.rglob(".*") if each.stat().st_size > 100_000])
            pauses.set_here(ADA)
            until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json()["receiving"] == 0)
            kept = part.stat().st_size
            assert kept < len(LABELS)
            time.sleep(0.7)
            assert part.stat().st_size == kept
            before = relay.passed["down"]
            pauses.set_here(None)
            until(lambda: complete(repository, job))
            assert relay.passed["down"] - before < len(LABELS) - kept + 50_000
    (labels,) = oem.output_folder.rglob("b_labels.tif")
    assert labels.read_bytes() == LABELS
