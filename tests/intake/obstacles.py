"""What stands in a file's way, and where a chain says so."""

import hashlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.files import digest_file
from labrelay.http.client import Client
from labrelay.processes import ChildSpec
from tests.background import while_lasting
from tests.intake.drop import Drop
from tests.polling import until


def without_rights(spec: ChildSpec) -> ChildSpec:
    if spec.name != "oem":
        return spec
    return replace(spec, command=(spec.command[0], "-m", "tests.intake.oem_without_rights", *spec.command[3:]))


def status(drop: Drop, service: str) -> dict[str, Any]:
    return dict(Client(drop.chain.session.settings.service_url(service)).get("/api/v2/status"))


def watched(drop: Drop) -> dict[str, Any]:
    return dict(status(drop, "file_watcher")["folders"][0])


def looked_at(drop: Drop) -> dict[str, Any]:
    """The folder's status after a look at all of it."""
    Client(drop.chain.session.settings.service_url("file_watcher")).post("/api/v2/scan")
    return watched(drop)


@contextmanager
def held_back(drop: Drop, name: str, size: int = 2_000) -> Iterator[Path]:
    """A file that is captured and can't arrive: another file stands where the gateway would put its bytes."""
    layout = drop.chain.session.settings.gateway_layout
    while (blob := layout.input_blob("oem", hashlib.sha256(data := os.urandom(size)).hexdigest())).parent.exists():
        continue
    blob.parent.parent.mkdir(parents=True, exist_ok=True)
    blob.parent.write_text("in the way")
    path = drop.drop(name, data)
    drop.await_stage(name, Stage.AWAITING_INPUT)
    until(lambda: status(drop, "file_sender_oem")["resting"], "sending was tried")
    try:
        yield path
    finally:
        blob.parent.unlink()


def returned(drop: Drop, job: Job) -> str:
    """Digest of the copy that came back."""
    (output,) = job.outputs
    return digest_file(drop.chain.output / str(output.returned_path))[0]


@contextmanager
def standing_still(drop: Drop, name: str) -> Iterator[None]:
    pid = drop.chain.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def growing(write: Callable[[bytes], int], flush: Callable[[], None]) -> Iterator[None]:
    def grow(stop: threading.Event) -> None:
        while not stop.wait(0.05):
            write(os.urandom(500))
            flush()

    with while_lasting(grow):
        yield


def saying(drop: Drop, name: str, words: str) -> Job | None:
    """The job of a file, once it waits with these words."""
    job = drop.job(name)
    return job if job is not None and words in job.overdue else None


def refused(place: Path) -> Callable[[], None]:
    place.mkdir(parents=True)
    place.chmod(0o555)
    return lambda: place.chmod(0o755)


def in_the_way(place: Path) -> Callable[[], None]:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file of the user's")
    return place.unlink


def full(place: Path) -> Callable[[], None]:
    """A file system of its own, too small; the way out makes it larger."""
    place.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a small file system")

    def enlarge() -> None:
        subprocess.run(["mount", "-o", "remount,size=4m", place], check=True)

    return enlarge


def has_arrived(drop: Drop, path: Path) -> bool:
    return drop.chain.session.settings.gateway_layout.input_blob("oem", digest_file(path)[0]).exists()


def retried(drop: Drop, job: Job) -> Job:
    """The job after a person's retry that went well."""
    drop.chain.session.repository.post(f"/api/v2/jobs/{job.id}/retry")
    return drop.await_stage(job.source.path, Stage.COMPLETE)
