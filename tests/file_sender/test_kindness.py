"""The sender leaves the instrument's machine alone: paused it reads nothing, and it keeps to its bandwidth."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
import requests

import file_receiver.oem.app
import file_sender.oem.app
from labrelay.contracts.jobs import Source
from labrelay.contracts.pauses import Pause
from labrelay.contracts.states import Stage
from labrelay.files import open_beneath
from labrelay.pause import PauseFiles
from labrelay.settings import Settings
from labrelay.throttle import CREDIT_S
from tests.file_receiver.doubles import Repository, capture_of, job_of, seal, served, sha256
from tests.file_receiver.relay import Relay
from tests.polling import until

ADA = Pause(by="Ada", reason="laser", since_ns=1)
DATA = os.urandom(1_200_000)


@contextlib.contextmanager
def sending(settings: Settings) -> Iterator[str]:
    with served(file_sender.oem.app.create(settings), settings.ports.file_sender_oem) as url:
        yield url


def wanted(settings: Settings, repository: Repository, path: str, data: bytes = DATA) -> Source:
    (settings.folders[0].path / path).write_bytes(data)
    return repository.want(capture_of(path, data))


def is_ready(repository: Repository, source: Source) -> bool:
    return repository.stage(job_of(source, Stage.READY).id) is Stage.READY


def capped(settings: Settings, mb_per_s: float, **more: str) -> Settings:
    return settings.model_copy(update={"oem": settings.oem.model_copy(update={"max_mb_per_s": mb_per_s, **more})})


def held(settings: Settings) -> int:
    """Bytes of unfinished uploads in the input store."""
    return sum(part.stat().st_size for part in settings.gateway_layout.root.rglob("inputs/*/*/.*"))


def test_paused_it_opens_no_file_and_afterwards_it_sends_all(
    settings: Settings, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def watched(root: Path, relative: str) -> BinaryIO:
        opened.append(root / relative)
        return open_beneath(root, relative)

    sources = [wanted(settings, repository, f"{n}.tif") for n in range(3)]
    pauses = PauseFiles(settings.oem_layout)
    pauses.set_here(ADA)
    monkeypatch.setattr("file_sender.oem.source.open_beneath", watched)
    with sending(settings) as url:
        status = until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json())
        assert "paused at the instrument by Ada" in status["paused"]
        time.sleep(0.5)
        assert not [path for path in opened if path.suffix == ".tif"]
        assert not any(is_ready(repository, source) for source in sources)
        pauses.set_here(None)
        until(lambda: all(is_ready(repository, source) for source in sources))
    assert len({path for path in opened if path.suffix == ".tif"}) == 3


def test_an_upload_under_way_breaks_off_and_resumes_where_it_was(settings: Settings, repository: Repository) -> None:
    source = wanted(settings, repository, "a.tif")
    slow, pauses = capped(settings, 0.8), PauseFiles(settings.oem_layout)
    with Relay(settings.ports.edge) as relay, sending(capped(settings, 0.8, edge_url=relay.url)) as url:
        until(lambda: relay.passed["up"] > 200_000)
        pauses.set_gateway(ADA)
        until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json()["sending"] == 0)
        assert not is_ready(repository, source)
        before, kept = relay.passed["up"], until(lambda: held(slow))
        time.sleep(0.7)
        assert relay.passed["up"] == before
        pauses.set_gateway(None)
        until(lambda: is_ready(repository, source))
        assert relay.passed["up"] - before < len(DATA) - kept + 50_000
    blob = settings.gateway_layout.input_blob("oem", source.sha256)
    assert blob.read_bytes() == DATA
    assert repository.troubles == {}


def test_uploads_and_downloads_together_keep_to_the_cap(settings: Settings, repository: Repository) -> None:
    slow = capped(settings, 2.0)
    offered = job_of(capture_of("b.tif", b"x"), Stage.SEALING)
    begin = time.monotonic()
    sender = served(file_sender.oem.app.create(slow), slow.ports.file_sender_oem)
    receiver = served(file_receiver.oem.app.create(slow), slow.ports.file_receiver_oem)
    with sender, receiver:
        sources = [wanted(slow, repository, f"{n}.tif", os.urandom(800_000)) for n in range(2)]
        repository.put(seal(slow.gateway_layout.root / "outputs", offered, {"labels.tif": DATA}))
        until(lambda: repository.stage(offered.id) is Stage.COMPLETE)
        until(lambda: all(is_ready(repository, source) for source in sources))
    assert time.monotonic() - begin >= (1_600_000 + len(DATA)) / 2_000_000 - CREDIT_S
    for source in sources:
        stored = slow.gateway_layout.input_blob("oem", source.sha256).read_bytes()
        assert sha256(stored) == source.sha256
    (labels,) = slow.oem.output_folder.rglob("labels.tif")
    assert labels.read_bytes() == DATA


def test_a_cap_is_no_silence_to_the_gateway(
    settings: Settings, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labrelay.http.body.SILENCE_S", 0.6)
    source = wanted(settings, repository, "a.tif", DATA[:300_000])
    with Relay(settings.ports.edge) as relay, sending(capped(settings, 0.2, edge_url=relay.url)):
        until(lambda: is_ready(repository, source))
        assert relay.passed["up"] < 330_000  # nothing was sent twice


def test_stopping_does_not_wait_for_the_cap(settings: Settings, repository: Repository) -> None:
    source = wanted(settings, repository, "a.tif")
    with sending(capped(settings, 0.001)) as url:
        until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json()["sending"] == 1)
        begin = time.monotonic()
    assert time.monotonic() - begin < 10
    assert not is_ready(repository, source)
