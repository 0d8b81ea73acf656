"""Announcing: generations, predecessors, matches, bytes that are there already."""

from fastapi.testclient import TestClient

from labrelay.settings import Settings
from tests.job_repository.conftest import SHA_A, SHA_B, add_task, announce, announcement, job_of, put_blob, stored


def test_the_same_announcement_gets_the_same_capture(api: TestClient) -> None:
    add_task(api)
    first, again = announce(api), announce(api)
    assert (first["created"], again["created"]) == (True, False)
    assert (first["capture_id"], first["jobs"]) == (again["capture_id"], again["jobs"])


def test_contents_a_b_a_are_three_generations(api: TestClient) -> None:
    add_task(api)
    first = announce(api)
    second = announce(api, sha256=SHA_B, predecessor=first["capture_id"])
    third = announce(api, sha256=SHA_A, predecessor=second["capture_id"])
    assert [capture["generation"] for capture in (first, second, third)] == [1, 2, 3]
    assert len({capture["capture_id"] for capture in (first, second, third)}) == 3


def test_another_predecessor_is_refused_with_the_last_capture(api: TestClient) -> None:
    first = announce(api)
    refused = api.post("/api/v2/captures", json=announcement(sha256=SHA_B))
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "predecessor_mismatch")
    last = (problem["last_capture_id"], problem["last_sha256"], problem["last_generation"])
    assert last == (first["capture_id"], SHA_A, 1)


def test_an_unknown_predecessor_of_a_new_path_is_refused(api: TestClient) -> None:
    strange = announcement(predecessor="00000000-0000-0000-0000-000000000000")
    problem = api.post("/api/v2/captures", json=strange).json()
    assert (problem["code"], problem["last_capture_id"]) == ("predecessor_mismatch", None)


def test_the_last_content_again_is_the_last_capture(api: TestClient) -> None:
    first = announce(api)
    again = announce(api, predecessor=first["capture_id"])
    assert (again["capture_id"], again["created"]) == (first["capture_id"], False)


def test_a_file_that_no_task_takes_is_unmatched(api: TestClient) -> None:
    capture = announce(api)
    assert (capture["matched"], capture["bytes_needed"]) == (False, False)
    assert job_of(api, capture["jobs"][0])["stage"] == "unmatched"


def test_an_unmatched_file_fails_where_all_must_match(api: TestClient) -> None:
    job = job_of(api, announce(api, must_match=True)["jobs"][0])
    assert (job["stage"], job["failure"]["code"]) == ("failed", "unmatched")


def test_the_first_task_in_order_takes_it_and_also_tasks_besides(api: TestClient) -> None:
    add_task(api, description="late", order=9)
    first = add_task(api, description="first", order=1)
    extra = add_task(api, description="extra", order=20, also=True)
    add_task(api, description="never", order=0, enabled=False)
    jobs = [job_of(api, each) for each in announce(api)["jobs"]]
    assert {job["task"]["id"] for job in jobs} == {first["id"], extra["id"]}


def test_selectors_see_the_name_and_the_attributes(api: TestClient) -> None:
    wells = {"and": [{"in": ["A1", {"var": "InputFile.Name"}]}, {"==": [{"var": "InputFile.Attributes.Dye"}, "DAPI"]}]}
    add_task(api, wells)
    assert announce(api, attributes={"Dye": "DAPI"})["matched"]
    assert not announce(api, path="plate/B1.tif", attributes={"Dye": "DAPI"})["matched"]


def test_a_broken_selector_harms_only_its_own_task(api: TestClient) -> None:
    broken = add_task(api, {"no_such_operator": [1]}, order=1)
    good = add_task(api, order=2)
    job_id = announce(api)["jobs"][0]
    assert job_of(api, job_id)["task"]["id"] == good["id"]
    created = api.get(f"/api/v2/jobs/{job_id}/timeline").json()["events"][0]
    assert (created["step"], broken["id"] in created["detail"]["notes"][0]) == ("created", True)


def test_bytes_that_are_there_already_travel_no_second_time(api: TestClient, settings: Settings) -> None:
    add_task(api)
    put_blob(settings)
    capture = announce(api)
    assert not capture["bytes_needed"]
    assert job_of(api, capture["jobs"][0])["stage"] == "ready"


def test_stored_bytes_let_every_capture_of_this_content_go_on(api: TestClient) -> None:
    add_task(api)
    first, twin = announce(api), announce(api, path="plate/copy.tif")
    stored(api, first)
    assert [job_of(api, capture["jobs"][0])["stage"] for capture in (first, twin)] == ["ready", "ready"]


def test_other_bytes_than_announced_are_refused(api: TestClient) -> None:
    add_task(api)
    capture = announce(api)
    answer = api.post(f"/api/v2/captures/{capture['capture_id']}/stored", json={"size": 3, "sha256": SHA_B})
    assert (answer.status_code, answer.json()["code"]) == (409, "digest_mismatch")


def test_a_successor_supersedes_what_still_waits_for_its_bytes(api: TestClient) -> None:
    add_task(api)
    first = announce(api)
    second = announce(api, sha256=SHA_B, predecessor=first["capture_id"])
    job = job_of(api, first["jobs"][0])
    assert (job["stage"], job["superseded_by"]) == ("superseded", second["capture_id"])
    assert api.get(f"/api/v2/captures/{first['capture_id']}").json()["superseded_by"] == second["capture_id"]


def test_a_successor_lets_a_job_with_its_bytes_run_on(api: TestClient) -> None:
    add_task(api)
    first = announce(api)
    stored(api, first)
    second = announce(api, sha256=SHA_B, predecessor=first["capture_id"])
    job = job_of(api, first["jobs"][0])
    assert (job["stage"], job["superseded_by"]) == ("ready", second["capture_id"])


def test_a_changed_input_is_superseded_and_linked_when_the_successor_comes(api: TestClient) -> None:
    add_task(api)
    first = announce(api)
    trouble = {"code": "input_changed", "cause": "It grew while it was sent."}
    api.post(f"/api/v2/captures/{first['capture_id']}/trouble", json=trouble)
    assert job_of(api, first["jobs"][0])["superseded_by"] is None
    second = announce(api, sha256=SHA_B, predecessor=first["capture_id"])
    assert job_of(api, first["jobs"][0])["superseded_by"] == second["capture_id"]


def test_a_missing_input_fails_with_a_way_on(api: TestClient) -> None:
    add_task(api)
    capture = announce(api)
    trouble = {"code": "input_missing", "cause": "It was deleted."}
    assert api.post(f"/api/v2/captures/{capture['capture_id']}/trouble", json=trouble).status_code == 200
    job = job_of(api, capture["jobs"][0])
    assert (job["stage"], job["failure"]["code"], job["failure"]["retryable"]) == ("failed", "input_missing", True)


def test_an_ended_capture_is_told_once_by_number(api: TestClient) -> None:
    ended = announce(api)
    feed: dict[str, str | int] = {"instrument": "reader1", "after": 0, "wait": 5}
    first = api.get("/edge/v2/captures/ended", params=feed).json()
    assert first["ended"] == [ended["capture_id"]]
    rest = api.get("/edge/v2/captures/ended", params={**feed, "after": first["next"], "wait": 0}).json()
    assert (rest["ended"], rest["next"]) == ([], first["next"])
    assert announce(api)["ended"]


def test_another_instruments_ends_stay_with_it(api: TestClient) -> None:
    announce(api)
    api.get("/api/v2/captures/ended", params={"instrument": "reader1", "wait": 5})
    assert api.get("/api/v2/captures/ended", params={"instrument": "reader2"}).json()["ended"] == []
