"""One instrument sends more at once than the gateway has threads: the others' files go past it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from file_receiver.gateway.upload import Upload
from labrelay.http.turns import AT_ONCE
from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, capture_of
from tests.file_receiver.test_intake import blob, put
from tests.polling import until

FLOOD = 60
"""More than the 40 threads that all handlers of a side share."""


@contextmanager
def stuck_disk(monkeypatch: pytest.MonkeyPatch, whose: str) -> Iterator[list[Upload]]:
    """Writing this instrument's files hangs until the block ends; those that have begun."""
    begun: list[Upload] = []
    goes_on, begin = threading.Event(), Upload.begin

    def hanging(upload: Upload, offset: int) -> None:
        if whose in str(upload._blob):
            begun.append(upload)
            assert goes_on.wait(60)
        begin(upload, offset)

    monkeypatch.setattr(Upload, "begin", hanging)
    try:
        yield begun
    finally:
        goes_on.set()


def test_a_flood_of_uploads_lets_another_instruments_file_through(
    settings: Settings, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = [repository.want(capture_of(f"{number}.tif", bytes([number]), "flooding")) for number in range(FLOOD)]
    quiet = repository.want(capture_of("one.tif", b"quiet", "quiet"))
    with ThreadPoolExecutor(FLOOD) as pool, stuck_disk(monkeypatch, "flooding") as begun:
        sent = [pool.submit(put, settings, source, bytes([number])) for number, source in enumerate(flood)]
        until(lambda: len(begun) == AT_ONCE)
        assert put(settings, quiet, b"quiet").status_code == 201
        assert (len(begun), [each for each in sent if each.done()]) == (AT_ONCE, [])
        assert blob(settings, quiet).exists()
    answers: list[requests.Response] = [each.result() for each in sent]
    assert {answer.status_code for answer in answers} == {201}
    assert repository.stored[0] == quiet.capture_id
