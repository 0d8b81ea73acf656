"""Of an input that won't come any more nothing is left behind in the gateway's store."""

import pytest
import requests

from labrelay.settings import Settings
from tests.file_receiver.doubles import Repository, capture_of
from tests.file_receiver.test_intake import DATA, address, begin_by_hand, leave_part, parts, put
from tests.polling import until


def tell(settings: Settings, url: str, code: str) -> None:
    answer = requests.post(f"{url}/trouble", json={"code": code, "cause": "as the test says"}, timeout=10)
    assert answer.status_code < 300, answer.text


@pytest.mark.parametrize("code", ["input_changed", "input_missing", "input_unreadable"])
def test_what_came_of_a_file_that_wont_come_is_removed(settings: Settings, repository: Repository, code: str) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    leave_part(settings, source, DATA[:-1])
    tell(settings, address(settings, source), "input_waits")
    assert parts(settings)
    tell(settings, address(settings, source), code)
    assert parts(settings) == []


def test_an_upload_under_way_is_removed_when_it_has_ended(settings: Settings, repository: Repository) -> None:
    source = repository.want(capture_of("a.tif", DATA))
    with begin_by_hand(settings, source, DATA[:-1]):
        until(lambda: parts(settings))
        tell(settings, address(settings, source), "input_changed")
    until(lambda: not parts(settings))


def test_a_file_that_comes_all_the_same_is_taken(settings: Settings, repository: Repository) -> None:
    """As after a retry."""
    source = repository.want(capture_of("a.tif", DATA))
    leave_part(settings, source, DATA[:-1])
    tell(settings, address(settings, source), "input_missing")
    assert put(settings, source, DATA).status_code == 201
