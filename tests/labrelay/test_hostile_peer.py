"""The other side may be hostile: its answers lead nowhere else, are never too large, and name no file outside."""

import os
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from pydantic import ValidationError

from file_receiver.oem.errors import OutputDamaged
from file_receiver.oem.naming import paths_of
from file_receiver.oem.pulling import Puller, part_of
from file_sender.oem.errors import InputUnreadable
from file_sender.oem.source import Reading
from labrelay.contracts.captures import OfferedOutput, ReturnOffer, WantedInput
from labrelay.errors import Forbidden, LabrelayError, ServiceUnavailable
from labrelay.files import LeadsOut, inside, open_beneath, open_temporary
from labrelay.http import Client, answers
from labrelay.http.problem import error_from
from labrelay.pace import Pace
from labrelay.settings import Settings

CAPTURE = "0" * 36
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def peer(answer: Answer) -> Iterator[tuple[Client, list[str]]]:
    """A server that answers everything alike, and what it was asked."""
    asked: list[str] = []

    class Hostile(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Client(f"http://127.0.0.1:{server.server_port}", retries=0), asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_gateway_cannot_make_its_instrument_call_its_own_services(status: int) -> None:
    with peer((200, {}, b"{}")) as (own, asked):
        elsewhere = {"Location": f"{own.base_url}/api/v2/journal/ended"}
        with peer((status, elsewhere, b"")) as (gateway, _), pytest.raises(ServiceUnavailable, match="elsewhere"):
            gateway.post("/edge/v2/captures", {"a": 1})
        assert asked == []


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers.taken_whole, "__defaults__", (100_000,))
    bomb = zlib.compress(b"[" * 50_000_000)
    compressed = {"Content-Encoding": "deflate"}
    with peer((200, compressed, bomb)) as (client, _), pytest.raises(ServiceUnavailable, match="more than 100,000"):
        client.get("/edge/v2/inputs")


@pytest.mark.parametrize(
    "told", [{"self": 1}, {"cause": "x" * 10**6}, {"code": [1], "next_step": {"a": 1}}, {"a b": 1}]
)
def test_any_problem_document_becomes_an_error_of_readable_length(told: dict[str, object]) -> None:
    error = error_from(told, 400)
    assert isinstance(error, LabrelayError)
    assert len(error.cause) < 3_000


def offer(name: str = "a.tif", source: str = "a.tif", **more: object) -> ReturnOffer:
    outputs = (OfferedOutput(index=0, name=name, size=1, sha256="a" * 64),)
    told = {"job_id": CAPTURE, "folder": "input", **more}
    return ReturnOffer.model_validate(
        {"epoch": 1, "attempt": 1, "capture_id": CAPTURE, "source_path": source, "generation": 1, "outputs": outputs}
        | told
    )


@pytest.mark.parametrize("job_id", ["../../x", "a/b", "a:b", "", "x" * 36, "..\\x" + "0" * 32])
def test_a_job_whose_name_is_no_identifier_is_refused(job_id: str) -> None:
    with pytest.raises(ValidationError):
        offer(job_id=job_id)


@pytest.mark.parametrize(
    "name",
    [
        "../x", "..\\x", "C:\\x", "\\\\host\\share\\x", "a.tif:b", "/etc/x", "..", "con.tif", "a\x00b", "\x1b[2Ja",
        "x" * 4000, "/" * 50, "\u202egpj.exe", "e\u0301.tif", " ", "...", "NUL", "a/../../b",
    ],
)  # fmt: skip
def test_whatever_a_gateway_calls_an_output_it_stays_below_the_folder(tmp_path: Path, name: str) -> None:
    for folder in ("..", "../..", "C:\\", name[:64]):
        (path,) = paths_of(offer(name, folder=folder), "", folder_prefix=True)
        final = inside(tmp_path, path)
        assert final.resolve().is_relative_to(tmp_path.resolve())
        assert part_of(final, CAPTURE, 0, "a" * 64).parent == final.parent
        assert not set('<>:"\\|?*\x00\x1b') & set(path)


def test_one_name_in_two_unicode_forms_makes_two_files() -> None:
    outputs = [
        OfferedOutput(index=n, name=name, size=1, sha256="a" * 64)
        for n, name in enumerate(("\u00e9.tif", "e\u0301.tif"))
    ]
    told = offer().model_copy(update={"outputs": tuple(outputs)})
    assert len({path.casefold() for path in paths_of(told, "", folder_prefix=False)}) == 2


def test_more_bytes_than_were_offered_are_not_written(settings: Settings, tmp_path: Path) -> None:
    final = tmp_path / "a.tif"
    told = OfferedOutput(index=0, name="a.tif", size=10, sha256="a" * 64)
    with peer((200, {}, b"x" * 5_000_000)) as (client, _), pytest.raises(OutputDamaged, match="More than"):
        Puller(client, "oem", Pace.of(settings)).pull(CAPTURE, told, final)
    assert not final.exists()
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.labrelay-part")) == 0


@needs_links
def test_a_temporary_file_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    part = tmp_path / ".x.labrelay-part"
    part.symlink_to(tmp_path / "victim")
    with open_temporary(part) as stream:
        stream.write(b"overwritten")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    part.unlink()
    os.mkfifo(part)
    with pytest.raises(OSError, match="Invalid argument"):
        open_temporary(part)


@needs_links
def test_links_within_a_folder_are_followed_and_those_that_appear_meanwhile_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret"
    (root / "plate").mkdir(parents=True)
    secret.write_bytes(b"secret")
    image = root / "plate" / "a.tif"
    image.write_bytes(b"image")
    (root / "alias").symlink_to("plate")
    with open_beneath(root, "alias/a.tif") as stream:
        assert stream.read() == b"image"
    with pytest.raises(LeadsOut):
        open_beneath(root, "alias/a.tif", links=False)

    def swap(top: Path, relative: str) -> Path:
        found = inside(top, relative)
        image.unlink()
        image.symlink_to(secret)
        return found

    monkeypatch.setattr("labrelay.files.beneath.inside", swap)
    monkeypatch.setattr(Path, "resolve", lambda path, strict=False: path)  # resolved before the swap
    with pytest.raises(Forbidden):
        open_beneath(root, "plate/a.tif")


@needs_links
def test_an_input_that_became_a_link_is_not_sent(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    root = settings.folders[0].path
    (root / "a.tif").symlink_to(tmp_path / "secret")
    wanted = WantedInput(capture_id=CAPTURE, folder="input", path="a.tif", size=6, sha256="a" * 64)
    with pytest.raises(InputUnreadable):
        list(Reading(root, wanted, 0, Pace.of(settings)))


def test_requests_would_follow_where_the_client_does_not() -> None:
    """The attack itself works: without the refusal the other service is called."""
    with peer((200, {}, b"{}")) as (own, asked), peer((302, {"Location": f"{own.base_url}/x"}, b"")) as (gateway, _):
        requests.get(gateway.base_url, timeout=5)
        assert asked == ["/x"]
