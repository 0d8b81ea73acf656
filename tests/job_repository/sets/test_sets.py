"""Sets of captures over HTTP: gathered, worked on by one job, ended together; incomplete, late, rewritten, retried."""

import time

import pytest
from fastapi.testclient import TestClient

from labrelay.settings import Settings
from tests.job_repository.conftest import announce, receipt, take
from tests.job_repository.plates.samples import WHOLE, Plate


@pytest.fixture
def plate(shared: TestClient, home: Settings) -> Plate:
    return Plate.fresh(shared, home)


def test_the_last_member_makes_the_set_whole_and_the_first_of_the_rule_leads(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    lead = plate.job(two)
    assert [member["job_id"] for member in lead["members"]] == [two, one, three]
    assert [member["source"]["attributes"]["channel"] for member in lead["members"]] == [2, 1, 3]
    assert {plate.job(each)["lead"] for each in (one, three)} == {two}


def test_sets_of_other_places_are_kept_apart(plate: Plate) -> None:
    plate.rule(expect=2)
    jobs = [plate.arrive(channel, well) for well in ("A01", "B02") for channel in (1, 2)]
    plate.reach(["ready", "joined", "ready", "joined"], *jobs)


def test_a_waiting_job_tells_what_it_waits_for(plate: Plate) -> None:
    plate.rule()
    job_id = plate.arrive(1)
    told = plate.api.get(f"/api/v2/jobs/{job_id}/set").json()
    assert (told["lead"], told["jobs"], told["missing"]) == (None, [job_id], ["2", "3"])
    assert told["words"].startswith("Waits for channels 2 and 3 of well A01, field 1, at most ")
    assert 0 < told["left_s"] <= 60
    old = plate.api.get(f"/api/v1/job/{job_id}").json()
    assert (plate.stages(job_id), old["Owner"], old["Status"]) == (["gathering"], "task-launcher", "Incomplete")


def test_a_worked_set_tells_who_belongs_to_it(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    told = plate.api.get(f"/api/v2/jobs/{three}/set").json()
    assert (told["lead"], told["jobs"], told["left_s"]) == (two, [two, one, three], None)


def test_a_job_without_a_set_says_so(plate: Plate) -> None:
    plate.without_tasks()
    job_id = announce(plate.api, f"{plate.name}/alone.tif")["jobs"][0]
    answer = plate.api.get(f"/api/v2/jobs/{job_id}/set")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_set")


def test_all_members_are_complete_with_their_lead(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    plate.work(two)
    assert plate.stages(one, two, three) == ["joined", "returning", "joined"]
    take(plate.api, two, "receive", receipt=receipt(plate.job(two)))
    assert plate.stages(one, two, three) == ["complete"] * 3
    member = plate.job(one)
    assert (member["report"]["results"], member["outputs"]) == (f"In the set of {plate.path(2)}", [])


def test_a_failed_lead_takes_its_members_with_it_and_back(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    failure = {"code": "x", "cause": "No light.", "next_step": "Lamp on.", "retryable": True, "owner": "task-launcher"}
    take(plate.api, two, "fail", failure=failure)
    told = plate.job(three)["failure"]
    assert (told["code"], told["next_step"]) == ("set_failed", "Lamp on.")
    assert told["cause"] == f"The set of this file failed with {plate.path(2)}: No light."
    assert plate.act(three, "retry")["stage"] == "joined"
    assert plate.stages(one, two, three) == WHOLE
    plate.complete(two)
    assert plate.stages(one, two, three) == ["complete"] * 3


def test_cancelling_a_member_cancels_the_set_and_a_retry_brings_it_back(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    assert plate.act(one, "cancel")["stage"] == "cancelled"
    assert plate.stages(one, two, three) == ["cancelled"] * 3
    plate.act(two, "retry")
    assert plate.stages(one, two, three) == WHOLE


def test_a_set_whose_bytes_are_gone_is_gathered_anew(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    plate.act(two, "cancel")
    plate.lose_bytes(3)
    plate.act(two, "retry")
    assert plate.stages(one, two, three) == ["gathering", "gathering", "awaiting_input"]
    plate.arrive(3)
    plate.reach(WHOLE, one, two, three)


def test_a_member_is_not_ended_by_itself(plate: Plate) -> None:
    one, _, _ = plate.arrive_all()
    assert take(plate.api, one, "cancel", expect=409)["code"] == "not_in_stage"


def test_retrying_every_failed_job_in_turn_retries_the_set_once(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    failure = {"code": "x", "cause": "No light.", "next_step": "Lamp on.", "retryable": True, "owner": "task-launcher"}
    take(plate.api, two, "fail", failure=failure)
    plate.act(one, "retry")
    take(plate.api, two, "launch")
    revision = plate.job(two)["revision"]
    plate.act(two, "retry")
    plate.act(three, "retry")
    assert (plate.stages(one, two, three), plate.job(two)["revision"]) == (["joined", "launched", "joined"], revision)


def test_a_member_is_not_retried_by_itself(plate: Plate) -> None:
    one, two, _ = plate.arrive_all()
    plate.act(two, "cancel")
    refusal = take(plate.api, one, "retry", expect=409)
    assert (refusal["code"], refusal["lead"]) == ("goes_with_its_set", two)


def test_what_is_missing_at_the_deadline_is_told_and_comes_in_by_a_retry(plate: Plate) -> None:
    plate.rule(deadline_s=0.3)
    one, two = plate.arrive(1), plate.arrive(2)
    plate.reach(["failed", "failed"], one, two)
    failure = plate.job(one)["failure"]
    cause = "Channel 3 of well A01, field 1 didn't come within 0.3 seconds."
    assert (failure["code"], failure["cause"], failure["retryable"]) == ("set_incomplete", cause, True)
    assert plate.api.get(f"/api/v2/jobs/{one}/set").json()["words"] == "This file is in no set now."
    three = plate.arrive(3)
    plate.act(one, "retry")
    plate.reach(WHOLE, one, two, three)


def test_while_its_instrument_is_paused_no_set_fails(plate: Plate) -> None:
    plate.rule(deadline_s=0.6)
    pause = "/api/v2/instruments/reader1/pause"
    plate.api.put(pause, json={"paused": True, "by": "tester", "reason": "laser"}).raise_for_status()
    one = plate.arrive(1)
    time.sleep(1.5)
    assert plate.stages(one) == ["gathering"]
    plate.api.put(pause, json={"paused": False, "by": "tester"}).raise_for_status()
    plate.reach(["failed"], one)


def test_a_set_that_counts_says_how_many_came(plate: Plate) -> None:
    plate.rule(deadline_s=0.3, expect=3)
    one = plate.arrive(1)
    plate.reach(["failed"], one)
    assert plate.job(one)["failure"]["cause"] == "Only 1 of 3 channels of well A01, field 1 came within 0.3 seconds."


def test_a_set_may_run_without_what_is_missing_and_a_late_file_says_so(plate: Plate) -> None:
    plate.rule(deadline_s=0.3, incomplete="run")
    one, two = plate.arrive(1), plate.arrive(2)
    plate.reach(["joined", "ready"], one, two)
    three = plate.arrive(3)
    plate.reach(["failed"], three)
    failure = plate.job(three)["failure"]
    assert failure["code"] == "set_late"
    assert two in failure["next_step"]
    plate.complete(two)
    plate.act(two, "reprocess")
    plate.reach(WHOLE, one, two, three)
    assert len(plate.job(two)["members"]) == 3


def test_of_two_files_of_one_channel_the_newer_counts(plate: Plate) -> None:
    plate.rule()
    old = plate.arrive(1)
    new = plate.arrive(1, content="rewritten", predecessor=plate.capture(old))
    two, three = plate.arrive(2), plate.arrive(3)
    plate.reach(["superseded", *WHOLE], old, new, two, three)
    failure = plate.job(old)["failure"]
    assert (failure["code"], failure["retryable"]) == ("set_superseded", False)
    assert plate.job(old)["superseded_by"] == plate.capture(new)


def test_a_new_acquisition_of_the_same_place_is_a_set_of_its_own(plate: Plate) -> None:
    one, two, three = plate.arrive_all()
    plate.complete(two)
    again = [
        plate.arrive(number, content="again", predecessor=plate.capture(old))
        for number, old in ((1, one), (2, two), (3, three))
    ]
    plate.reach(WHOLE, *again)
    assert plate.stages(one, two, three) == ["complete"] * 3


@pytest.mark.parametrize(("channel", "cause"), [(9, "its channel is 9"), (None, "it has no channel")])
def test_a_file_that_fits_into_no_set_fails_at_once(plate: Plate, channel: int | None, cause: str) -> None:
    plate.rule()
    job_id = plate.arrive(channel)
    plate.reach(["failed"], job_id)
    failure = plate.job(job_id)["failure"]
    assert failure["code"] == "set_unexpected"
    assert cause in failure["cause"]


def test_sets_that_wait_crowd_out_no_work(plate: Plate) -> None:
    plate.rule()
    job_id = plate.arrive(1)
    owned = plate.api.get("/api/v2/owned", params={"owner": "task-launcher"}).json()["jobs"]
    assert job_id not in [each["job"]["id"] for each in owned]


def test_an_edited_attribute_moves_a_job_into_its_right_set(plate: Plate) -> None:
    plate.rule(expect=2)
    one, two = plate.arrive(1), plate.arrive(2, well="wrong")
    body = {"Id": two, "InputFile": {"Attributes": {"well": "A01", "field": "1", "channel": "2"}}}
    answer = plate.api.put(f"/api/v1/job/{two}", json=body)
    assert answer.status_code == 200, answer.text
    plate.reach(["ready", "joined"], one, two)
