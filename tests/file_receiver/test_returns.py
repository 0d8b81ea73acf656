"""Outputs come home whole, under names of their own, and are proved by a receipt."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import file_receiver.oem.app
from file_receiver.oem.receipts import Receipts
from labrelay.contracts.captures import ReceivedOutput
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.files.names import TEMPORARY
from labrelay.settings import Settings
from tests.file_receiver.doubles import (
    Repository,
    capture_of,
    gateway,
    job_of,
    seal,
    served,
    sha256,
    with_edge,
)
from tests.file_receiver.relay import Relay
from tests.polling import until

LABELS = os.urandom(2_000_000)
FILES = {"b_labels.tif": LABELS, "b.csv": b"CellCount, 598\n"}


@contextlib.contextmanager
def receiving(settings: Settings) -> Iterator[str]:
    with served(file_receiver.oem.app.create(settings), settings.ports.file_receiver_oem) as url:
        yield url


def offered(settings: Settings, repository: Repository, path: str = "a/b.tif", **more: int) -> Job:
    job = job_of(capture_of(path, os.urandom(8)), Stage.SEALING, **more)
    return repository.put(seal(settings.gateway_layout.root / "outputs", job, FILES))


def complete(repository: Repository, job: Job) -> bool:
    return repository.stage(job.id) is Stage.COMPLETE


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def output(settings: Settings) -> Path:
    return settings.oem.output_folder


def test_outputs_lie_beside_the_source_s_shape_and_the_receipt_names_them(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    with receiving(settings) as url:
        until(lambda: complete(repository, job))
        assert names(output) == ["a/b.csv", "a/b_labels.tif"]
        assert (output / "a" / "b_labels.tif").read_bytes() == LABELS
        expected = [("a/b_labels.tif", sha256(LABELS)), ("a/b.csv", sha256(FILES["b.csv"]))]
        received = tuple(ReceivedOutput(index=i, path=p, sha256=d) for i, (p, d) in enumerate(expected))
        assert repository.receipts[-1].outputs == received
        until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json()["files"] == {"sent": 2})


def test_a_file_that_a_receipt_names_is_known_by_its_absolute_path(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    with receiving(settings) as url:
        until(lambda: complete(repository, job))
        paths = (output / "a" / "b.csv", output / "A" / "B.CSV", output / "a" / "other.csv", Path("/etc/passwd"))
        asked = f"{url}/api/v2/receipts/named"
        named = [requests.get(asked, params={"path": str(path)}, timeout=5).json()["named"] for path in paths]
    assert named == [True, True, False, False]


def test_another_job_of_the_same_source_gets_marked_names(
    settings: Settings, repository: Repository, output: Path
) -> None:
    first = offered(settings, repository)
    with receiving(settings):
        until(lambda: complete(repository, first))
        second = offered(settings, repository)
        until(lambda: complete(repository, second))
    mark = second.id[:8]
    assert names(output) == sorted(["a/b.csv", "a/b_labels.tif", f"a/b~{mark}.csv", f"a/b~{mark}_labels.tif"])


def test_the_same_job_s_next_attempt_replaces_its_own_files(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    with receiving(settings):
        until(lambda: complete(repository, job))
        again = job.model_copy(update={"attempt": 2})
        files = {**FILES, "b.csv": b"CellCount, 599\n"}
        repository.put(seal(settings.gateway_layout.root / "outputs", again, files))
        until(lambda: complete(repository, job))
    assert names(output) == ["a/b.csv", "a/b_labels.tif"]
    assert (output / "a" / "b.csv").read_bytes() == b"CellCount, 599\n"


def test_a_user_s_own_file_is_never_overwritten(settings: Settings, repository: Repository, output: Path) -> None:
    (output / "a").mkdir(parents=True)
    (output / "a" / "b.csv").write_text("mine")
    job = offered(settings, repository)
    with receiving(settings):
        until(lambda: complete(repository, job))
    mark = job.id[:8]
    assert names(output) == sorted(["a/b.csv", f"a/b~{mark}.csv", f"a/b~{mark}_labels.tif"])
    assert (output / "a" / "b.csv").read_text() == "mine"


def test_a_pull_that_is_cut_resumes_and_brings_every_byte_once(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    with Relay(settings.ports.edge, cut_down=1_500_000, cuts=1) as relay, receiving(with_edge(settings, relay.url)):
        until(lambda: complete(repository, job))
        assert relay.cuts_left == 0
        assert relay.passed["down"] < len(LABELS) + 1_200_000
    assert (output / "a" / "b_labels.tif").read_bytes() == LABELS
    assert not [name for name in names(output) if name.endswith(TEMPORARY)]


def test_a_damaged_part_is_dropped_and_pulled_anew(settings: Settings, repository: Repository, output: Path) -> None:
    job = offered(settings, repository)
    (output / "a").mkdir(parents=True)
    part = output / "a" / f".{job.id}.0.{sha256(LABELS)[:16]}{TEMPORARY}"
    part.write_bytes(b"x" * 1000)
    with receiving(settings):
        until(lambda: complete(repository, job))
    assert (output / "a" / "b_labels.tif").read_bytes() == LABELS


def test_a_crash_between_publish_and_receipt_is_made_good(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    with receiving(settings):
        until(lambda: complete(repository, job))
    # As a crash right after the rename leaves it: the file stands, the place is only reserved, no receipt was sent.
    store = Receipts(settings.oem_layout.receipts)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE receipts SET state = 'reserved', published = 0")
    store.close()
    inode = (output / "a" / "b_labels.tif").stat().st_ino
    repository.put(job.model_copy(update={"stage": Stage.RECEIVING}))
    with receiving(settings):
        until(lambda: complete(repository, job))
    assert names(output) == ["a/b.csv", "a/b_labels.tif"]
    assert (output / "a" / "b_labels.tif").stat().st_ino == inode


def test_a_restarted_receiver_takes_up_what_it_had_accepted(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    repository.put(job.model_copy(update={"stage": Stage.RECEIVING}))
    with receiving(settings):
        until(lambda: complete(repository, job))
    assert names(output) == ["a/b.csv", "a/b_labels.tif"]


def test_a_blocked_output_folder_makes_the_job_wait_and_says_why(
    settings: Settings, repository: Repository, output: Path
) -> None:
    output.write_text("a file where the folder should be")  # blocks root too, unlike permissions
    job = offered(settings, repository)
    with receiving(settings) as url:
        status = until(lambda: requests.get(f"{url}/api/v2/status", timeout=5).json()["resting"])
        assert "output folder" in status[job.id]
        assert repository.stage(job.id) is Stage.RECEIVING
        output.unlink()
        requests.post(f"{url}/api/v1/retry", timeout=5).raise_for_status()
        until(lambda: complete(repository, job))
    assert names(output) == ["a/b.csv", "a/b_labels.tif"]


def test_parts_of_jobs_that_never_came_are_removed_after_a_day(
    settings: Settings, repository: Repository, output: Path
) -> None:
    job = offered(settings, repository)
    with Relay(settings.ports.edge, cut_down=1_500_000, cuts=99) as relay, receiving(with_edge(settings, relay.url)):
        until(lambda: relay.cuts_left < 99)
    repository.put(job.model_copy(update={"stage": Stage.CANCELLED}))
    assert [name for name in names(output) if name.endswith(TEMPORARY)]
    store = Receipts(settings.oem_layout.receipts)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE receipts SET updated_ns = 1")
    store.close()
    with receiving(settings):
        until(lambda: not names(output))


def test_a_new_epoch_gets_the_last_day_s_receipts_again(settings: Settings, repository: Repository) -> None:
    job = offered(settings, repository)
    with receiving(settings):
        until(lambda: complete(repository, job))
        until(lambda: len(repository.receipts) == 1)
        repository.put(repository.jobs[job.id].model_copy(update={"epoch": 2}))
        repository.epoch = 2
        until(lambda: [receipt.epoch for receipt in repository.receipts] == [1, 2])


def test_outputs_wait_while_the_gateway_is_away(settings: Settings, output: Path) -> None:
    with receiving(settings), gateway(settings) as repository:
        job = offered(settings, repository)
        until(lambda: complete(repository, job))
    assert names(output) == ["a/b.csv", "a/b_labels.tif"]
