"""A pushed file becomes one capture, whatever happens to the push; what is refused leaves nothing."""

import contextlib
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from data_organizer.gateway import body
from labrelay.errors import StorageFull
from labrelay.files import CHUNK
from labrelay.files.names import TEMPORARY
from labrelay.settings import Settings
from labrelay.settings.model import Storage
from tests.data_organizer.push.gateway import PushGateway, digest_of, push_app, sha256
from tests.full_disk import no_file_beyond
from tests.polling import until
from tests.ports import take_port

DATA = os.urandom(2_500_000)


def with_storage(settings: Settings, **limits: Any) -> Settings:
    return settings.model_copy(update={"storage": settings.storage.model_copy(update=limits)})


def begun(gateway: PushGateway, path: str, data: bytes, length: int) -> socket.socket:
    """A push that promises `length` bytes and sends only `data`, on a socket that the test holds."""
    port = gateway.settings.ports.data_organizer_gateway
    head = f"POST /api/v2/captures?path={quote(path)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(head.encode() + data)
    return connection


def test_a_push_is_on_disk_and_in_the_record_when_it_is_answered(gateway: PushGateway) -> None:
    answer = gateway.push("plate 1/A01.tif", DATA, digest_of(DATA))
    assert answer.status_code == 201
    told = answer.json()
    assert (told["created"], told["matched"], told["generation"]) == (True, True, 1)
    assert (told["size"], told["sha256"]) == (len(DATA), sha256(DATA))
    assert gateway.blob(DATA).read_bytes() == DATA
    assert gateway.blob(DATA).stat().st_mode & 0o222 == 0
    assert gateway.get(answer.headers["Location"]).json()["jobs"] == [told["jobs"][0]["id"]]
    job = gateway.get(told["jobs"][0]["url"]).json()
    assert (job["stage"], job["source"]["returns"], job["source"]["path"]) == ("ready", "none", "plate 1/A01.tif")
    assert (job["source"]["directory"], job["source"]["host"]) == ("push/plate 1/", "push")
    assert not gateway.left()


def test_a_repetition_changes_nothing(gateway: PushGateway) -> None:
    first, second = (gateway.push("repeated.tif", b"same") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json() | {"created": False}
    assert len(gateway.captures("repeated.tif")) == 1


def test_other_contents_are_the_next_generations_and_old_ones_stay_what_they_were(gateway: PushGateway) -> None:
    contents = (b"a", b"b", b"c")
    first = [gateway.push("abc.tif", content).json() for content in contents]
    assert [told["generation"] for told in first] == [1, 2, 3]
    again = [gateway.push("abc.tif", content).json() for content in contents]
    assert [told["capture_id"] for told in again] == [told["capture_id"] for told in first]
    assert not any(told["created"] for told in again)
    assert len(gateway.captures("abc.tif")) == 3


def test_instruments_and_folders_keep_their_captures_apart(gateway: PushGateway) -> None:
    told = [gateway.push("apart.tif", b"x", **place) for place in ({}, {"instrument": "r2"}, {"folder": "other"})]
    assert [answer.status_code for answer in told] == [201, 201, 201]
    assert len({answer.json()["capture_id"] for answer in told}) == 3


@pytest.mark.parametrize("sent", [b"", b"x" * 10, b"y" * (3 * CHUNK + 1)], ids=["empty", "small", "large"])
def test_a_body_of_unknown_length_is_taken(gateway: PushGateway, sent: bytes) -> None:
    pieces = (sent[start : start + 70_000] for start in range(0, len(sent), 70_000))
    answer = gateway.push(f"chunked/{len(sent)}.tif", pieces, digest_of(sent))
    assert (answer.status_code, answer.json()["size"]) == (201, len(sent))
    assert gateway.blob(sent).read_bytes() == sent


def test_bytes_other_than_those_of_the_digest_are_refused_and_named(gateway: PushGateway) -> None:
    answer = gateway.push("damaged.tif", b"damaged", digest_of(b"whole"))
    assert answer.status_code == 422
    assert answer.json() | {"code": "push_digest_mismatch", "sha256": sha256(b"damaged"), "size": 7} == answer.json()
    assert not gateway.captures("damaged.tif")
    assert not gateway.blob(b"damaged").exists()
    assert not gateway.left()


@pytest.mark.parametrize("digest", ["sha-512=:AAAA:", "sha-256=:AAAA:", "nonsense", "sha-256=:%%%:"])
def test_a_digest_that_cannot_be_checked_is_refused(gateway: PushGateway, digest: str) -> None:
    assert gateway.push("digest.tif", b"x", digest).status_code == 400
    assert not gateway.captures("digest.tif")


def test_a_client_that_goes_away_leaves_nothing(gateway: PushGateway) -> None:
    with begun(gateway, "cut.tif", DATA, length=len(DATA) + 1):
        until(gateway.left)
    until(lambda: not gateway.left())
    assert not gateway.captures("cut.tif")
    assert gateway.push("cut.tif", DATA).status_code == 201


def test_a_client_that_falls_silent_is_cut_off(gateway: PushGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labrelay.http.body.SILENCE_S", 0.2)
    with begun(gateway, "silent.tif", b"only this", length=100) as connection:
        answer = connection.recv(4096)
        while not answer.endswith(b"}"):
            answer += connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"push_cut" in answer
    assert not gateway.left()


def test_a_client_that_only_drips_is_cut_off(gateway: PushGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labrelay.http.body.SILENCE_S", 0.3)
    drops = (b"x" for _ in range(20) if not threading.Event().wait(0.05))
    with contextlib.suppress(requests.exceptions.ConnectionError):  # cut off while it still sends
        assert gateway.push("drip.tif", drops).json()["code"] == "push_cut"
    assert not gateway.captures("drip.tif")
    until(lambda: not gateway.left())


def test_many_slow_clients_hold_nobody_up(gateway: PushGateway) -> None:
    slow = [begun(gateway, f"slow/{number}.tif", b"slowly", length=7) for number in range(80)]
    until(lambda: len(gateway.left()) == len(slow))
    assert gateway.push("quick.tif", b"quick").status_code == 201
    for connection in slow:
        connection.sendall(b"!")
    assert all(connection.recv(64).startswith(b"HTTP/1.1 201") for connection in slow)
    for connection in slow:
        connection.close()
    assert gateway.blob(b"slowly!").read_bytes() == b"slowly!"


def test_equal_pushes_at_once_are_one_capture(gateway: PushGateway) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: gateway.push("at once.tif", DATA[:300_000]), range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["capture_id"] for answer in answers}) == 1
    assert len(gateway.captures("at once.tif")) == 1
    assert not gateway.left()


def test_different_pushes_of_one_path_at_once_are_as_many_generations(gateway: PushGateway) -> None:
    contents = [f"content {number % 6}".encode() for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda content: gateway.push("race.tif", content), contents))
    assert {answer.status_code for answer in answers} == {200, 201}
    assert sorted(capture["generation"] for capture in gateway.captures("race.tif")) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("sized", [True, False], ids=["said", "found out"])
def test_a_file_beyond_the_limit_is_refused(gateway: PushGateway, sized: bool) -> None:
    with push_app(with_storage(gateway.settings, max_upload_bytes=1000)) as small:
        refused = small.push("large.tif", b"x" * 1001 if sized else iter([b"x" * 1001]))
        assert (refused.status_code, refused.json()["code"]) == (413, "push_too_large")
        assert small.push(f"just {sized}.tif", b"x" * 1000).status_code == 201
    assert not gateway.left()
    assert not gateway.captures("large.tif")


@pytest.mark.parametrize("limits", [{"watermark": 1e-9}, {"keep_free_bytes": 10**18}], ids=["watermark", "reserve"])
def test_a_full_disk_takes_nothing(gateway: PushGateway, limits: dict[str, Any]) -> None:
    with push_app(with_storage(gateway.settings, **limits)) as full:
        refused = full.push("full.tif", b"x")
    assert (refused.status_code, refused.headers["Retry-After"]) == (507, "2")
    assert not gateway.captures("full.tif")


def test_a_disk_that_fills_on_the_way_stops_a_body_of_unknown_length(
    gateway: PushGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "LOOK_BYTES", CHUNK)
    monkeypatch.setattr("data_organizer.gateway.pushes.check_room", lambda *_: None)  # there was room at first
    with push_app(with_storage(gateway.settings, keep_free_bytes=10**18)) as filling:
        assert filling.push("filling.tif", (DATA for _ in range(2))).status_code == 507
    assert not gateway.left()


def test_a_disk_that_is_full_at_the_last_bytes_is_told_so_and_nothing_is_left(tmp_path: Path) -> None:
    pushed = body.Body(tmp_path, Storage(watermark=1.0, keep_free_bytes=0))
    with no_file_beyond(2 * CHUNK + 500):
        pushed.write(bytes(2 * CHUNK))
        pushed.write(bytes(1000))  # so few that they are still buffered
        with pytest.raises(StorageFull):
            pushed.publish(tmp_path / "blob")
        pushed.drop()
    assert not list(tmp_path.iterdir())


def test_a_repository_that_is_away_is_named_and_the_repetition_heals(gateway: PushGateway) -> None:
    away = gateway.settings.ports.model_copy(update={"job_repository": take_port()})
    with push_app(gateway.settings.model_copy(update={"ports": away})) as alone:
        answer = alone.push("away.tif", b"away")
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert gateway.push("away.tif", b"away").status_code == 201


def test_what_a_killed_process_left_is_removed_at_the_next_start(gateway: PushGateway) -> None:
    folder = gateway.settings.gateway_layout.pushes
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"left{TEMPORARY}").write_bytes(b"half of it")
    with push_app(gateway.settings):
        assert not gateway.left()


def test_a_push_gives_lost_bytes_back(gateway: PushGateway) -> None:
    job_id = gateway.push("lost.tif", b"to be lost").json()["jobs"][0]["id"]
    gateway.blob(b"to be lost").unlink()
    failure = {"code": "input_lost", "cause": "gone", "next_step": "retry", "retryable": True}
    gateway.step(job_id, "fail", failure=failure)
    gateway.step(job_id, "retry")
    assert gateway.job(job_id)["stage"] == "awaiting_input"
    assert gateway.push("lost.tif", b"to be lost").status_code == 200
    assert gateway.job(job_id)["stage"] == "ready"


@pytest.mark.parametrize("headers", [{"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Encoding": "gzip"}])
def test_a_form_or_a_compressed_body_is_not_taken_for_the_file(gateway: PushGateway, headers: dict[str, str]) -> None:
    answer = gateway.push("form.tif", b"x", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "push_form")


def test_what_no_task_takes_is_told_and_fails_where_it_must_match(gateway: PushGateway) -> None:
    told = gateway.push("notes.txt", b"x").json()
    assert not told["matched"]
    assert gateway.job(told["jobs"][0]["id"])["stage"] == "unmatched"
    told = gateway.push("strict/notes.txt", b"x", must_match="true").json()
    assert gateway.job(told["jobs"][0]["id"])["failure"]["code"] == "unmatched"


def test_waiting_for_a_job_ends_when_it_is_final(gateway: PushGateway) -> None:
    job_id = gateway.push("waited.tif", b"x").json()["jobs"][0]["id"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gateway.get, f"/api/v2/jobs/{job_id}?wait=15")
        time.sleep(0.2)
        gateway.step(job_id, "cancel")
        answer: requests.Response = waiting.result()
    assert answer.json()["stage"] == "cancelled"
