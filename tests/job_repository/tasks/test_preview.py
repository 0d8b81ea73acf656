"""A task is tried on the newest files before it is stored."""

from typing import Any

from fastapi.testclient import TestClient

from tests.job_repository.conftest import add_task, announce
from tests.polling import until


def named(text: str) -> dict[str, Any]:
    return {"in": [text, {"var": "InputFile.Name"}]}


def recorded(api: TestClient, files: int) -> None:
    until(lambda: tried(api, True)["tried"] == files, "the files in the record")


def tried(api: TestClient, selector: Any, task_id: str | None = None, **more: Any) -> dict[str, Any]:
    draft = {"description": "drafted", "selector": selector, "pipeline": "cells", **more}
    answer = api.post("/api/v2/tasks/preview", json={"draft": draft, "task_id": task_id})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def numbers(told: dict[str, Any]) -> tuple[int, ...]:
    return tuple(told[name] for name in ("tried", "taken", "lost_to_others", "unmatched", "twice", "changed"))


def test_a_draft_says_what_it_takes_what_it_loses_and_what_nobody_takes(api: TestClient) -> None:
    add_task(api, named("dapi"))
    for number, path in enumerate(("p/a dapi.tif", "p/b dapi.tif", 'p/c "gfp".tif', "p/d.tif")):
        announce(api, path, sha256=f"{number:064x}")
    recorded(api, 4)
    told = tried(api, named('"gfp"'))
    assert numbers(told) == (4, 1, 0, 1, 0, 1)
    assert told["samples"][0] == {"instrument": "reader1", "path": 'p/c "gfp".tif', "then": ["drafted"], "now": []}
    assert numbers(tried(api, named("dapi"))) == (4, 0, 2, 2, 0, 0)
    assert numbers(tried(api, named("dapi"), also=True)) == (4, 2, 0, 2, 2, 2)
    assert numbers(tried(api, named("dapi"), order=1)) == (4, 2, 0, 2, 0, 2)
    assert numbers(tried(api, True, enabled=False)) == (4, 0, 0, 2, 0, 0)


def test_a_draft_in_place_of_a_stored_task_is_not_asked_twice(api: TestClient) -> None:
    task = add_task(api, named("dapi"))
    announce(api, "a dapi.tif")
    recorded(api, 1)
    told = tried(api, named("nothing"), task["id"])
    assert numbers(told) == (1, 0, 0, 1, 0, 1)
    assert [each["version"] for each in api.get(f"/api/v2/tasks/{task['id']}/versions").json()["items"]] == [1]


def test_a_selector_that_cannot_be_evaluated_is_refused_in_words(api: TestClient) -> None:
    announce(api, "a.tif")
    body = {"draft": {"description": "d", "selector": {"nonsense": 1}, "pipeline": "cells"}}
    answer = api.post("/api/v2/tasks/preview", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "selector_invalid")
