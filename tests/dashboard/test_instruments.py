"""The page of instruments: rules as they are typed, and the page while the repository is away."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from dashboard.instruments.reading import span
from dashboard.instruments.rules import RuleUnclear, rule_of, target_of, typed_span
from labrelay.contracts.alarms import AlarmKind

SILENT = {"kind": ["instrument_silent"], "instrument": ["r1"]}


def test_a_typed_rule_is_read_with_its_units_and_days() -> None:
    form = {**SILENT, "expected": ["1,5"], "expected_unit": ["h"], "grace": ["10"], "grace_unit": ["min"]}
    rule = rule_of({**form, "begins": ["08:00"], "ends": ["18:00"], "days": ["fri", "mon"]})
    assert (rule.expected_s, rule.grace_s) == (5400, 600)
    assert (rule.hours.begins, rule.hours.ends, rule.hours.days) == ("08:00", "18:00", ("mon", "fri"))


def test_a_rule_that_is_taken_away_is_of_a_kind_that_there_is() -> None:
    assert target_of(SILENT) == (AlarmKind.SILENT, "r1")
    with pytest.raises(RuleUnclear):
        target_of({"kind": ["boredom"]})


def test_an_empty_period_is_the_learned_one() -> None:
    assert rule_of({**SILENT, "expected": [""]}).expected_s is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": ["boredom"]},
        {"kind": []},
        {"expected": ["soon"]},
        {"expected": ["-1"]},
        {"expected": ["nan"]},
        {"expected": ["1"], "expected_unit": ["moon"]},
        {"begins": ["8 o'clock"]},
        {"days": ["someday"]},
        {"instrument": ["../r1"]},
        {"minutes": ["1e9"]},
    ],
)
def test_what_is_no_rule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RuleUnclear):
        rule_of({**SILENT, **wrong})


@pytest.mark.parametrize(
    ("seconds", "typed"),
    [(None, ("", "min")), (90, ("90", "s")), (600, ("10", "min")), (5400, ("90", "min")), (0.1, ("0.1", "s"))],
)
def test_a_rule_is_shown_as_it_would_be_typed(seconds: float | None, typed: tuple[str, str]) -> None:
    assert typed_span(seconds) == typed


@pytest.mark.parametrize(("seconds", "text"), [(2.24, "2.2 s"), (600, "10 min"), (7200, "2 h"), (7260, "2 h 1 min")])
def test_spans_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_without_the_repository_the_page_says_so(browser_of_nobody: TestClient) -> None:
    answer = browser_of_nobody.get("/instruments", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "No file is lost" in answer.text
