"""A rule goes from the form to JSONLogic and back, and JSONLogic decides as the rule says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.tasks.drafts import parameters_in
from dashboard.tasks.rules import ATTRIBUTE, FIELDS, JOINS, OPERATORS, Line, Rule, rule_in, rule_of, selector_of
from labrelay.errors import RequestRefused
from labrelay.matching import selector_data
from labrelay.selectors import selects

ANY_TEXT = st.text(min_size=1, max_size=20).filter(str.strip)
LINES = st.builds(
    Line,
    st.sampled_from([*FIELDS, f"{ATTRIBUTE}plate", f"{ATTRIBUTE}well"]),
    st.sampled_from(list(OPERATORS)),
    st.text(min_size=1, max_size=20),
)
RULES = st.builds(
    lambda join, lines: Rule(join if len(lines) > 1 else "and", tuple(lines)),
    st.sampled_from(list(JOINS)),
    st.lists(LINES, max_size=4),
)


@given(RULES)
def test_a_rule_comes_back_from_its_selector(rule: Rule) -> None:
    assert rule_of(selector_of(rule)) == rule


@given(RULES)
def test_a_rule_comes_back_from_its_form(rule: Rule) -> None:
    form = {
        "join": [rule.join],
        "field": [line.field.removeprefix(ATTRIBUTE) for line in rule.lines],
        "operator": [line.operator for line in rule.lines],
        "value": [line.value for line in rule.lines],
    }
    assert rule_in(form) == rule


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(), lambda t: st.lists(t) | st.dictionaries(st.text(), t)
    )
)
def test_any_selector_is_either_a_rule_or_left_alone(selector: Any) -> None:
    rule = rule_of(selector)
    assert rule is None or rule_of(selector_of(rule)) == rule


@given(RULES, ANY_TEXT, ANY_TEXT)
def test_the_selector_decides_as_the_rule_says(rule: Rule, name: str, plate: str) -> None:
    data = selector_data(name.replace("/", ""), "oem", "/images/", {"plate": plate})
    file = data["InputFile"]
    texts = {f"InputFile.{key}": value for key, value in file.items()} | {f"{ATTRIBUTE}plate": plate}

    def holds(line: Line) -> bool:
        text = texts.get(line.field)
        found = {"contains": text is not None and line.value in text, "is": text == line.value}
        return found["contains" if line.operator in ("contains", "lacks") else "is"] is (
            line.operator in ("contains", "is")
        )

    verdicts = [holds(line) for line in rule.lines]
    assert selects(selector_of(rule), data) is (all(verdicts) if rule.join == "and" else any(verdicts))


def test_aicsd_13_quotes_and_commas_in_a_rule_are_letters_like_any_other() -> None:
    rule = Rule("and", (Line("InputFile.Name", "contains", 'B07 "x", y'), Line(f"{ATTRIBUTE}plate", "is", "a,b'c")))
    assert rule_of(selector_of(rule)) == rule
    assert selects(selector_of(rule), selector_data('B07 "x", y.tif', "oem", "/", {"plate": "a,b'c"}))


def test_parameters_are_lines() -> None:
    assert parameters_in("a=1\n\n label = two words \nb=x=y") == {"a": "1", "label ": " two words", "b": "x=y"}
    with pytest.raises(RequestRefused, match="nonsense"):
        parameters_in("nonsense")
