"""News for owners: whose lists changed since an earlier answer; none is missed, whatever order they are told in."""

import threading
from typing import Any

from fastapi.testclient import TestClient

from job_repository.changes import Changes, owned_key
from tests.job_repository.conftest import add_task, announce


def news(api: TestClient, since: int = 0, wait: float = 0) -> dict[str, Any]:
    answer = api.get("/api/v2/owned/news", params={"owner": "file-sender-oem", "since": since, "wait": wait})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_first_answer_says_that_all_may_have_changed(api: TestClient) -> None:
    assert news(api)["instruments"] is None


def test_a_waiting_question_is_answered_with_the_instrument_that_changed(api: TestClient) -> None:
    add_task(api)
    since = news(api)["since"]
    thread = threading.Timer(0.3, lambda: announce(api, instrument="reader2"))
    thread.start()
    heard = news(api, since, 30)
    while heard["instruments"] is None:  # the start of the repository itself may still be news for all
        heard = news(api, heard["since"], 30)
    thread.join()
    assert heard["instruments"] == ["reader2"]
    assert news(api, heard["since"])["instruments"] == []


def test_a_change_that_is_told_late_is_news_too() -> None:
    """Two threads commit 1 and 2; the one of 2 tells of it first."""
    changes = Changes()
    since = changes.news("launcher", 0).since
    changes.note({owned_key("launcher", "b", None)}, 2)
    between = changes.news("launcher", since)
    changes.note({owned_key("launcher", "a", None)}, 1)
    assert between.instruments == ("b",)
    assert changes.news("launcher", between.since).instruments == ("a",)


def test_a_restore_is_news_for_all() -> None:
    changes = Changes()
    since = changes.news("launcher", 0).since
    changes.rebase(7)
    assert changes.news("launcher", since).instruments is None


def test_other_owners_and_pipelines_keys_are_none() -> None:
    changes = Changes()
    since = changes.news("launcher", 0).since
    changes.note({owned_key("sender", "a", None), owned_key("launcher", "a", "nuclei"), "record"}, 3)
    assert changes.news("launcher", since).instruments == ()
