"""What can be part of a training set, and what lies in one already."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from job_repository.jobs.tiles import tile_of
from labrelay.cli.training_set import LeftOut, TrainingSet
from labrelay.contracts.jobs import Job, SealedOutput, SetMember, Source
from labrelay.contracts.reviews import Reviewed
from labrelay.contracts.states import Stage
from labrelay.contracts.verdicts import ExcludedObject, Judgement, Review
from labrelay.errors import InputProblem
from labrelay.http.client import Client
from pipelines.training.corrections import without
from pipelines.training.data import read_folder

JOB = "3ae8f162-408d-5483-bd5f-1c1b9e95b318"
SHAPE = (8, 9)


class Sender(ThreadingHTTPServer):
    """Files by path over HTTP, as the gateway's file sender gives them: what it was asked for stays in `asked`."""

    daemon_threads = True
    files: dict[str, bytes]
    asked: list[str]


class Answering(BaseHTTPRequestHandler):
    server: Sender

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.files[self.path])))
        self.end_headers()
        self.wfile.write(self.server.files[self.path])

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def sender(files: dict[str, bytes]) -> Iterator[Sender]:
    with Sender(("127.0.0.1", 0), Answering) as server:
        server.files, server.asked = files, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(sender: Sender) -> Client:
    return Client(f"http://127.0.0.1:{sender.server_port}")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    labels = np.zeros(SHAPE, np.uint16)
    labels[1:3, 1:3], labels[4:6, 4:6], labels[6:8, 7:9] = 1, 2, 3
    tifffile.imwrite(tmp_path / "image.tif", np.full(SHAPE, 700, np.uint16))
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    told = json.dumps({"model": {"name": "nuclei", "sha256": "d" * 64}, "plane": {"channel": 0}}).encode()
    base = f"/api/v2/jobs/{JOB}"
    return {
        f"{base}/inputs/0": (tmp_path / "image.tif").read_bytes(),
        f"{base}/outputs/0": (tmp_path / "labels.tif").read_bytes(),
        f"{base}/outputs/1": told,
    }


def accepted(files: dict[str, bytes], *excluded: int, path: str = "P1/A01.TIF", **more: Any) -> Reviewed:
    image, mask, told = files.values()
    source = Source(
        capture_id=JOB,
        instrument="reader1",
        folder="input",
        path=path,
        generation=1,
        size=len(image),
        sha256=digest(image),
        host="reader1",
        directory="/data",
    )
    outputs = (
        SealedOutput(name="A01_labels.tif", size=len(mask), sha256=digest(mask)),
        SealedOutput(name="A01_provenance.json", size=len(told), sha256=digest(told)),
    )
    given = {"id": JOB, "epoch": 1, "revision": 1, "stage": Stage.COMPLETE, "source": source, "task": None}
    job = Job.model_validate({**given, "outputs": outputs, "created_ns": 1, "updated_ns": 1, **more})
    out = tuple(ExcludedObject(object=each, by="Ada", at_ns=2) for each in excluded)
    review = Review(job_id=JOB, verdict=Judgement.ACCEPT, by="Lin", at_ns=3, excluded=out, found=3)
    return Reviewed(job=job, tile=tile_of(job, 1), review=review)


def test_the_training_reader_finds_what_counts(tmp_path: Path, files: dict[str, bytes], client: Client) -> None:
    training = TrainingSet(tmp_path / "set", client, without)
    assert training.add(accepted(files))
    assert [each.objects for each in read_folder(tmp_path / "set")] == [3]
    assert training.add(accepted(files, 2))
    (read,) = read_folder(tmp_path / "set")
    assert (read.objects, read.pixels.max(), read.labels[5, 5]) == (2, 700, 0)
    training.add(accepted(files))
    assert [each.objects for each in read_folder(tmp_path / "set")] == [3]


def test_what_is_there_is_left(tmp_path: Path, files: dict[str, bytes], client: Client, sender: Sender) -> None:
    for excluded in ((), (2,)):
        folder = tmp_path / f"set{len(excluded)}"
        training = TrainingSet(folder, client, without)
        training.add(accepted(files, *excluded))
        training.save()
        sender.asked.clear()
        again = TrainingSet(folder, client, without)
        assert not again.add(accepted(files, *excluded))
        assert [path for path in sender.asked if not path.endswith("/outputs/1")] == []
        (entry,) = json.loads((folder / "manifest.json").read_text())["images"]
        assert (entry["model"]["name"], entry["by"], entry["excluded"]) == ("nuclei", "Lin", list(excluded))
        assert sorted(path.name for path in (folder / "images").iterdir()) == ["A01-3ae8f162.tif"]


def test_an_image_that_goes_takes_its_unchanged_files(tmp_path: Path, files: dict[str, bytes], client: Client) -> None:
    training = TrainingSet(tmp_path, client, without)
    training.add(accepted(files))
    (tmp_path / "labels" / "A01-3ae8f162.tif").write_bytes(b"drawn by hand")
    training.drop(JOB)
    training.save()
    assert not any((tmp_path / "images").iterdir())
    assert (tmp_path / "labels" / "A01-3ae8f162.tif").read_bytes() == b"drawn by hand"
    assert TrainingSet(tmp_path, client, without).jobs == ()


def test_other_bytes_than_sealed_ones_are_refused(tmp_path: Path, files: dict[str, bytes], client: Client) -> None:
    item = accepted(files)
    files[f"/api/v2/jobs/{JOB}/outputs/0"] += b"x"
    with pytest.raises(InputProblem, match="other bytes"):
        TrainingSet(tmp_path, client, without).add(item)
    assert not any((tmp_path / "labels").iterdir())


def test_what_would_be_misread_is_left_out(tmp_path: Path, files: dict[str, bytes], client: Client) -> None:
    item = accepted(files)
    members = tuple(SetMember(job_id=JOB, source=item.job.source) for _ in range(2))
    files[f"/api/v2/jobs/{JOB}/outputs/1"] = b'{"plane": {"channel": 1}}'
    for refused, why in (
        (accepted(files, outputs=()), "no label mask"),
        (accepted(files, members=members), "2 files together"),
        (accepted(files, path="P1/A01.raw"), "knows no .raw"),
        (accepted(files), "another plane"),
    ):
        with pytest.raises(LeftOut, match=why):
            TrainingSet(tmp_path, client, without).add(refused)
    assert list(tmp_path.glob("**/*01*")) == []


@pytest.mark.parametrize("text", ["{}", "no json", '{"images": [{"job": 1}]}'])
def test_a_foreign_manifest_is_not_written_over(tmp_path: Path, text: str, client: Client) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputProblem, match="no manifest"):
        TrainingSet(tmp_path, client, without)
