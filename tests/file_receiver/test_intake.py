"""The gateway takes in exactly what was announced, from where it left off."""

import hashlib
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from file_receiver.gateway.upload import Upload, remove_stale
from labrelay.contracts.jobs import Source
from labrelay.contracts.states import Stage
from labrelay.errors import StorageFull
from labrelay.files import CHUNK
from labrelay.files.names import TEMPORARY
from labrelay.http import content_digest
from labrelay.settings import Settings
from labrelay.settings.model import Storage
from tests.file_receiver.doubles import Repository, capture_of, gateway, job_of
from tests.full_disk import no_file_beyond
from tests.polling import until

DATA = os.urandom(3_000_000)


def address(settings: Settings, source: Source) -> str:
    return f"{settings.edge_url}/edge/v2/inputs/{source.capture_id}"


def headers(source: Source, offset: int = 0) -> dict[str, str]:
    return {
        "X-Instrument": source.instrument,
        "Upload-Offset": str(offset),
        "Content-Digest": content_digest(source.sha256),
    }


def put(settings: Settings, source: Source, data: bytes, offset: int = 0) -> requests.Response:
    return requests.put(address(settings, source), data=data, headers=headers(source, offset), timeout=20)


def held(settings: Settings, source: Source) -> int:
    return int(requests.head(address(settings, source), timeout=5).headers["Upload-Offset"])


def blob(settings: Settings, source: Source) -> Path:
    return settings.gateway_layout.input_blob(source.instrument, source.sha256)


def parts(settings: Settings) -> list[Path]:
    return list(settings.gateway_layout.root.rglob(f"*{TEMPORARY}"))


def begin_by_hand(settings: Settings, source: Source, data: bytes) -> socket.socket:
    """An upload that announces everything and sends only `data`, on a socket that the test holds."""
    line = f"PUT /edge/v2/inputs/{source.capture_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {source.size}\r\n"
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers(source).items())
    connection = socket.create_connection(("127.0.0.1", settings.ports.edge))
    connection.sendall((line + fields + "\r\n").encode() + data)
    return connection


def leave_part(settings: Settings, source: Source, data: bytes) -> int:
    """An upload that breaks off after its first piece was written; bytes that are held then."""
    with begin_by_hand(settings, source, data):
        until(lambda: any(part.stat().st_size >= CHUNK for part in parts(settings)))
    return int(until(lambda: put(settings, source, b"", offset=1).json().get("offset")))


def test_an_upload_becomes_a_read_only_blob_and_is_told_to_the_repository(
    settings: Settings, repository: Repository
) -> None:
    source = repository.want(capture_of("a/b.tif", DATA))
    assert put(settings, source, DATA).status_code == 201
    assert blob(settings, source).read_bytes() == DATA
    assert blob(settings, source).stat().st_mode & 0o222 == 0
    assert repository.stage(job_of(source, Stage.READY).id) is Stage.READY
    assert not parts(settings)


def test_an_empty_file_is_a_content_too(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("empty.tif", b""))
    assert put(settings, source, b"").status_code == 201
    assert blob(settings, source).read_bytes() == b""


def test_a_known_content_is_answered_200_and_not_written_again(settings: Settings, repository: Repository) -> None:
    first = repository.want(capture_of("a.tif", DATA))
    again = repository.want(capture_of("copy.tif", DATA))
    put(settings, first, DATA)
    inode = blob(settings, first).stat().st_ino
    assert held(settings, again) == len(DATA)
    assert put(settings, again, b"", offset=len(DATA)).status_code == 200
    assert blob(settings, again).stat().st_ino == inode
    assert repository.stored == [first.capture_id, again.capture_id]


def test_an_upload_that_broke_off_resumes_where_it_ended(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    offset = leave_part(settings, source, DATA[:1_500_000])
    assert CHUNK <= offset <= 1_500_000
    assert held(settings, source) == offset
    assert put(settings, source, DATA[offset:], offset=offset).status_code == 201
    assert blob(settings, source).read_bytes() == DATA


def test_a_wrong_offset_is_refused_and_the_right_one_named(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    offset = leave_part(settings, source, DATA[:1_500_000])
    answer = put(settings, source, DATA[10:], offset=10)
    assert (answer.status_code, answer.json()["code"], answer.json()["offset"]) == (409, "upload_offset", offset)


def test_a_second_upload_of_the_same_capture_is_refused_while_the_first_runs(
    settings: Settings, repository: Repository
) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    connection = begin_by_hand(settings, source, DATA[:1_200_000])
    until(lambda: parts(settings))
    answer = put(settings, source, b"", offset=0)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_busy")
    connection.sendall(DATA[1_200_000:])
    assert connection.recv(200).startswith(b"HTTP/1.1 201")
    connection.close()
    assert blob(settings, source).read_bytes() == DATA


def test_other_bytes_than_announced_are_dropped(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    answer = put(settings, source, DATA[:-1] + bytes([DATA[-1] ^ 1]))
    assert (answer.status_code, answer.json()["code"]) == (422, "input_digest_mismatch")
    assert not blob(settings, source).exists()
    assert not parts(settings)
    assert not repository.stored


def test_a_damaged_part_is_noticed_when_it_is_resumed(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    offset = leave_part(settings, source, b"x" * 1_500_000)
    assert put(settings, source, DATA[offset:], offset=offset).status_code == 422
    assert held(settings, source) == 0
    assert put(settings, source, DATA).status_code == 201


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"X-Instrument": "other"}, 403),
        ({"Content-Digest": content_digest("0" * 64)}, 422),
        ({"Content-Digest": "md5=:AAAA:"}, 400),
    ],
)
def test_a_claim_that_differs_from_the_announcement_is_refused(
    settings: Settings, repository: Repository, more: dict[str, str], status: int
) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    answer = requests.put(address(settings, source), data=DATA, headers=headers(source) | more, timeout=20)
    assert answer.status_code == status
    assert not parts(settings)


def test_more_bytes_than_announced_are_refused(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    assert put(settings, source, DATA + b"x").status_code == 422

    def endless() -> Any:
        yield from (DATA, b"x")

    chunked = requests.put(address(settings, source), data=endless(), headers=headers(source), timeout=20)
    assert (chunked.status_code, chunked.json()["code"]) == (422, "input_size_mismatch")
    assert not blob(settings, source).exists()


@pytest.mark.parametrize("capture", ["00000000-0000-0000-0000-000000000000", "..%2f..%2f..%2fetc%2fpasswd", "abc"])
def test_what_nobody_announced_is_refused(settings: Settings, repository: Repository, capture: str) -> None:
    source = capture_of("a.tif", b"x")
    answer = requests.put(
        f"{settings.edge_url}/edge/v2/inputs/{capture}", data=b"x", headers=headers(source), timeout=5
    )
    assert answer.status_code in (404, 422)
    assert not [path for path in settings.gateway_layout.root.rglob("*") if path.is_file()]


def test_a_full_disk_refuses_before_the_body_is_read(settings: Settings) -> None:
    full = settings.model_copy(update={"storage": Storage(keep_free_bytes=1 << 60)})
    with gateway(full) as repository:
        source = repository.want(capture_of("a.tif", DATA))
        assert requests.head(address(full, source), timeout=5).status_code == 507
        answer = put(full, source, b"only the beginning")
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        assert answer.headers["Retry-After"]
        assert not parts(full)


def test_a_disk_that_is_full_at_the_last_bytes_is_told_so_and_what_came_is_kept(tmp_path: Path) -> None:
    size = 2 * CHUNK + 1000
    upload = Upload(tmp_path / "ab" / "blob", "capture", size, hashlib.sha256(bytes(size)).hexdigest())
    upload.begin(0)
    with no_file_beyond(size - 500):
        upload.write(bytes(2 * CHUNK))
        upload.write(bytes(1000))  # so few that they are still buffered
        with pytest.raises(StorageFull):
            upload.finish()
        upload.close()
    assert upload.held == size - 500


def test_wanted_inputs_come_as_soon_as_there_are_some(settings: Settings, repository: Repository) -> None:
    source = capture_of("late.tif", DATA)
    threading.Timer(0.3, repository.want, [source]).start()
    began = time.monotonic()
    params: dict[str, str | int] = {"instrument": "oem", "wait": 10}
    answer = requests.get(f"{settings.edge_url}/edge/v2/inputs", params=params, timeout=15).json()
    assert [each["capture_id"] for each in answer["wanted"]] == [source.capture_id]
    assert time.monotonic() - began < 8


def test_a_long_poll_ends_empty_when_its_time_is_over(settings: Settings, repository: Repository) -> None:
    repository.want(capture_of("a.tif", DATA, instrument="another"))
    params: dict[str, str | int | float] = {"instrument": "oem", "wait": 0.3}
    answer = requests.get(f"{settings.edge_url}/edge/v2/inputs", params=params, timeout=5).json()
    assert answer == {"epoch": 1, "wanted": []}


def test_trouble_is_passed_on(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    body = {"code": "input_missing", "cause": "it is gone"}
    assert requests.post(address(settings, source) + "/trouble", json=body, timeout=5).ok
    assert repository.troubles[source.capture_id].cause == "it is gone"


def test_only_stale_parts_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "inputs" / "oem" / "ab"
    folder.mkdir(parents=True)
    fresh, old, whole = (folder / name for name in (f".x{TEMPORARY}", f".y{TEMPORARY}", "ab12"))
    for path in (fresh, old, whole):
        path.write_bytes(b"x")
    for path in (old, whole):
        os.utime(path, (1, 1))
    assert remove_stale(tmp_path / "inputs") == 1
    assert sorted(folder.iterdir()) == sorted([fresh, whole])
