"""The list's address, its form, its facets and its conditions: pure, and always the same words as the API's."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from dashboard.jobs.address import JobsAddress
from dashboard.jobs.belonging import having, sure
from dashboard.jobs.conditions import conditions_of
from dashboard.jobs.controls import asked_by_form, controls_of
from dashboard.jobs.facets import groups_of
from dashboard.states import LOOKS, State
from labrelay.contracts.facets import Facets
from labrelay.contracts.filters import FilterInvalid, JobFilter

FACETS = Facets(
    total=30,
    stage={"failed": 3, "complete": 20, "ready": 4, "launched": 3},
    status={},
    code={"timed_out": 2, "input_unreadable": 1},
    instrument={"r1": 30},
    pipeline={"a": 20, "b": 10},
    task={"t1": 30},
)


def read(query: str) -> JobsAddress:
    return JobsAddress.read(parse_qsl(query))


def asked(query: str) -> JobsAddress:
    pairs = asked_by_form(parse_qsl(query, keep_blank_values=True))
    assert pairs is not None
    return JobsAddress.read(pairs)


@pytest.mark.parametrize(
    "query",
    ["", "stage=failed&stage=ready&plate=P+7&since=2h", "q=a%26b", "stage=failed&after=Mw%3D%3D&via=~MQ%3D%3D"],
)
def test_an_address_survives_reading_and_writing(query: str) -> None:
    assert read(query).url == (f"/jobs?{query}" if query else "/jobs")


def test_older_and_newer_pages_lead_back_the_same_way() -> None:
    first = read("plate=P7")
    third = first.older("c1").older("c2")
    assert read(urlsplit(third.url).query) == third
    assert third.newer == first.older("c1")
    assert third.newer.newer.url == first.url
    assert third.first == first


def test_a_long_way_back_ends_at_the_newest_page() -> None:
    far = JobsAddress()
    for number in range(50):
        far = far.older(f"c{number}")
    back = far
    for _ in range(len(far.via)):
        back = back.newer
    assert back.newer.url == "/jobs"


def test_a_condition_is_added_and_taken_away_and_leads_to_the_first_page() -> None:
    here = read("stage=failed&plate=P7&after=x")
    there = here.toggled("code", "timed_out")
    assert there.url == "/jobs?stage=failed&code=timed_out&plate=P7"
    assert there.toggled("code", "timed_out").url == here.first.url


def test_without_its_plate_a_well_means_nothing() -> None:
    assert read("plate=P7&well=B07").toggled("plate", "P7").url == "/jobs"


def test_the_form_says_a_state_and_the_address_its_stages() -> None:
    there = asked("q=&state=waiting&last=&stage=failed&since=&until=")
    assert set(there.wanted.stage) == set(LOOKS[State.WAITING].stages)
    assert there.state is State.WAITING
    assert controls_of(there).state is State.WAITING
    assert controls_of(there).further == ()


def test_the_form_takes_a_span_or_two_times_and_times_go_first() -> None:
    assert asked("last=2h&since=&until=").wanted.since == "2h"
    both = asked("last=2h&since=2026-11-22T08:00&until=2026-11-22T09:00").wanted
    assert (both.since, both.until) == ("2026-11-22T08:00", "2026-11-22T09:00")
    shown = controls_of(JobsAddress(both))
    assert (shown.last, shown.since, shown.until) == ("", "2026-11-22T08:00", "2026-11-22T09:00")


def test_conditions_without_a_control_go_on_with_the_form() -> None:
    here = read("code=timed_out&stage=failed&stage=ready&path=a&path=b&until=1h")
    again = JobsAddress.read([*controls_of(here).further, ("q", "")])
    assert again.wanted == here.wanted


def test_the_filter_in_words_is_the_same_filter() -> None:
    assert asked("where=stage%3Dfailed+%27plate%3DP+7%27").url == "/jobs?stage=failed&plate=P+7"
    with pytest.raises(FilterInvalid, match="Did you mean plate"):
        asked("where=plaet%3DP7")


def test_an_address_is_no_form() -> None:
    assert asked_by_form(parse_qsl("stage=failed&q=x")) is None


def test_facets_count_states_and_lead_on_and_back() -> None:
    states, code, pipeline = groups_of(FACETS, read("pipeline=a"), {})
    assert {choice.title: choice.count for choice in states.choices}["Waiting"] == 7
    assert [(choice.title, choice.count) for choice in code.choices] == [("timed_out", 2), ("input_unreadable", 1)]
    assert [(choice.title, choice.chosen, choice.url) for choice in pipeline.choices] == [
        ("a", True, "/jobs"),
        ("b", False, "/jobs?pipeline=a&pipeline=b"),
    ]


def test_a_chosen_value_that_no_job_has_can_still_be_taken_back() -> None:
    groups = {group.name: group for group in groups_of(FACETS, read("instrument=gone&task=t9"), {"t9": "Old task"})}
    assert ("gone", 0, True) in [(each.title, each.count, each.chosen) for each in groups["instrument"].choices]
    assert groups["task"].choices[0].title == "Old task"


def test_conditions_are_said_in_words() -> None:
    waiting = "&".join(f"stage={stage}" for stage in LOOKS[State.WAITING].stages)
    told = conditions_of(read(f"{waiting}&since=1h&task=t1"), {"t1": "Count nuclei"})
    assert [(each.name, each.value) for each in told] == [
        ("State", "Waiting"),
        ("Task", "Count nuclei"),
        ("Changed", "Last hour"),
    ]
    assert told[0].without == "/jobs?task=t1&since=1h"


def test_the_page_knows_when_its_script_cannot_tell_whether_a_job_belongs() -> None:
    assert sure(JobFilter.parse("stage=failed instrument=r1 path=B07 since=1h"))
    for text in ("q=x", "path=*.tif", "until=1h", "path=a path=b", "job=1"):
        assert not sure(JobFilter.parse(text)), text
    assert having(JobFilter.parse("instrument=r1 plate=Ü7")) == '{"instrument": ["r1"], "plate_name": ["Ü7"]}'
