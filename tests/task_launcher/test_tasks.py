"""Tasks over `/api/v2`: kept by the repository, their selector tried first; explained to people."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from labrelay.http.client import Client
from labrelay.selectors import SelectorInvalid
from labrelay.settings.model import Pipelines
from task_launcher.explain import Question, explain
from task_launcher.pipelines import carrier_for
from task_launcher.tasks import check_selector
from tests.task_launcher.double import Repository, a_task

Raw = Callable[..., requests.Response]
NAME = {"var": "InputFile.Name"}


@pytest.fixture
def repository(office: tuple[Repository, Client]) -> Repository:
    office[0].tasks.clear()
    return office[0]


@pytest.fixture
def launcher(office: tuple[Repository, Client], repository: Repository) -> Client:
    return office[1]


def draft(selector: Any = True, **more: Any) -> dict[str, Any]:
    return {"description": "count", "selector": selector, "pipeline": "nuclei", **more}


def test_a_task_is_created_read_changed_and_deleted(launcher: Client, raw: Raw) -> None:
    task = launcher.post("/api/v2/tasks", draft())
    changed = launcher.put(f"/api/v2/tasks/{task['id']}", draft({"in": ["A01", NAME]}, order=5))
    assert (changed["version"], changed["order"]) == (2, 5)
    assert launcher.get(f"/api/v2/tasks/{task['id']}") == changed
    assert launcher.get("/api/v2/tasks") == {"items": [changed]}
    assert raw("DELETE", f"/api/v2/tasks/{task['id']}").status_code == 204
    assert raw("GET", f"/api/v2/tasks/{task['id']}").status_code == 404


@pytest.mark.parametrize("selector", [{"like": ["A", NAME]}, {"and": [False, {"like": 1}]}, NAME, "A01", None, 7, []])
def test_a_selector_that_cannot_answer_is_refused(raw: Raw, repository: Repository, selector: Any) -> None:
    answer = raw("POST", "/api/v2/tasks", json=draft(selector))
    assert (answer.status_code, answer.json()["code"]) == (422, "selector_invalid")
    assert answer.headers["content-type"] == "application/problem+json"
    assert repository.tasks == {}


def test_a_change_to_a_broken_selector_keeps_the_old_one(launcher: Client, raw: Raw) -> None:
    task = launcher.post("/api/v2/tasks", draft())
    assert raw("PUT", f"/api/v2/tasks/{task['id']}", json=draft(NAME)).status_code == 422
    assert launcher.get(f"/api/v2/tasks/{task['id']}") == task


def test_a_selector_must_answer_for_files_without_its_attributes_too() -> None:
    row = {"var": "InputFile.Attributes.row"}
    check_selector({">": [row, 3]})
    check_selector({"and": [{"!!": [row]}, True]})
    with pytest.raises(SelectorInvalid):
        check_selector({"and": [row, True]})


@pytest.mark.parametrize("operator", ["missing", "map", "filter", "reduce", "all", "none", "some"])
def test_operators_that_work_on_lists_are_known(operator: str) -> None:
    with pytest.raises(SelectorInvalid) as caught:
        check_selector({"cat": [{operator: [["a"], True]}]})
    assert "doesn't have" not in caught.value.cause


def test_explain_names_the_taker_and_every_reason(launcher: Client) -> None:
    first = launcher.post("/api/v2/tasks", draft({"in": ["A01", NAME]}, order=1))
    after = launcher.post("/api/v2/tasks", draft(order=2))
    never = launcher.post("/api/v2/tasks", draft(False, order=3))
    off = launcher.post("/api/v2/tasks", draft(order=4, enabled=False))
    told = launcher.post("/api/v2/explain", {"path": "p/A01.tif", "instrument": "reader-1", "attributes": {}})
    assert told["taken_by"] == [first["id"]]
    assert [(row["id"], row["verdict"]) for row in told["tasks"]] == [
        (first["id"], "takes"),
        (after["id"], "after the first match"),
        (never["id"], "not selected"),
        (off["id"], "disabled"),
    ]


@pytest.mark.parametrize(("expect", "told"), [([1, "DAPI"], "channel 1, DAPI"), (3, "3 by channel")])
def test_explain_says_that_a_task_waits_for_a_set(expect: Any, told: str) -> None:
    (row,) = explain([a_task(group={"expect": expect})], Question(path="a.tif")).tasks
    assert row.verdict == f"takes, in a set of {told}"


def test_a_change_over_the_v1_interface_keeps_the_rule_for_sets(launcher: Client) -> None:
    task = launcher.post("/api/v2/tasks", draft(group={"expect": [1, 2]}))
    launcher.request("PUT", "/api/v1/task", json={"Id": task["id"], "Description": "changed"})
    after = launcher.get(f"/api/v2/tasks/{task['id']}")
    assert (after["description"], after["group"]) == ("changed", task["group"])


@pytest.mark.parametrize(
    "group", [{"expect": []}, {"expect": 0}, {"expect": [1, "1"]}, {"expect": 2, "by": ["channel"]}]
)
def test_a_rule_that_no_set_can_meet_is_refused(raw: Raw, group: Any) -> None:
    assert raw("POST", "/api/v2/tasks", json=draft(group=group)).status_code == 422


def test_explain_reports_a_broken_selector() -> None:
    (row,) = explain([a_task(selector={"like": 1})], Question(path="a.tif")).tasks
    assert row.verdict.startswith("broken selector: ")


@pytest.mark.parametrize("path", ["C:\\plates\\P1\\A01.tif", "C:/plates/P1/A01.tif"])
def test_explain_reads_the_folder_from_a_windows_path(path: str) -> None:
    task = a_task(selector={"==": [{"var": "InputFile.DirName"}, "C:/plates/P1/"]})
    assert explain([task], Question(path=path)).taken_by == (task.id,)


@pytest.mark.parametrize(
    ("topic", "alive", "carrier"),
    [
        ("ovms/resnet", True, "aicsd-mqtt"),
        ("nuclei", None, "streams"),
        ("cells", True, "streams"),
        ("only-file", None, "streams"),
        ("geti/model", False, "aicsd-redis"),
        ("geti/model", None, "aicsd-redis"),
    ],
)
def test_a_task_of_aicsd_gets_the_carrier_that_reaches_its_pipeline(
    topic: str, alive: bool | None, carrier: str
) -> None:
    assert carrier_for(topic, [], Pipelines(), alive) == carrier


def test_a_pipeline_has_one_carrier() -> None:
    known = [a_task("nuclei", carrier="aicsd-redis")]
    assert carrier_for("nuclei", known, Pipelines(), True) == "aicsd-redis"
