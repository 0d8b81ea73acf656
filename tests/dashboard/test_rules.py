"""A task's rule, put right for files that no task takes."""

from typing import Any

import pytest

from dashboard.inbox.rules import NAME, proposed, rule_words, try_rule, widened
from labrelay.contracts.tasks import Task
from labrelay.selectors import selects
from tests.dashboard.samples import job

FIRST = {"in": ["_w1", NAME]}
MATCHED = [job(f"P1/P1_A0{column}_s1_w1.tif") for column in range(1, 4)]
UNMATCHED = [job("P1/P1_B01_s1_w2.tif"), job("P1/P1_C05_s1_w2.tif")]


def task(name: str, selector: Any, order: int = 100) -> Task:
    return Task(id=name, version=1, updated_ns=1, description=name, selector=selector, pipeline="nuclei", order=order)


@pytest.mark.parametrize("selector", [FIRST, {"or": [FIRST, {"in": ["_x", NAME]}]}, False])
def test_a_wider_rule_takes_what_it_took_and_the_new_files(selector: Any) -> None:
    wider = widened(selector, "_w2")
    for name, taken in (("a_w1.tif", selector is not False), ("a_w2.tif", True), ("a_w3.tif", False)):
        assert selects(wider, {"InputFile": {"Name": name}}) is taken


def test_a_rule_that_takes_everything_stays_as_it_is() -> None:
    assert widened(True, "_w2") is True


def test_what_tells_the_files_from_others_is_proposed() -> None:
    assert proposed(UNMATCHED, MATCHED) == "_w2"
    assert proposed(UNMATCHED, UNMATCHED) == ""
    assert proposed([], MATCHED) == ""


def test_a_trial_tells_what_is_taken_what_is_left_and_what_would_move() -> None:
    tasks = [task("special", {"in": ["_A01", NAME]}, 10), task("plate", FIRST)]
    odd = job("P1/P1_D01_s1.tif")
    tried = try_rule(tasks, tasks[1].model_copy(update={"selector": widened(FIRST, "_w2")}), [*UNMATCHED, odd], MATCHED)
    assert (tried.taken, tried.left, tried.moved) == (tuple(UNMATCHED), (odd,), ())
    greedy = tasks[0].model_copy(update={"selector": widened(tasks[0].selector, "_s1")})
    tried = try_rule(tasks, greedy, UNMATCHED, MATCHED)
    assert tried.taken == tuple(UNMATCHED)
    assert tried.moved == tuple(MATCHED[1:])


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        (FIRST, "_w1"),
        (widened(FIRST, "_w2"), "_w1, _w2"),
        (True, ""),
        ({"==": [1, 1]}, ""),
        ({"or": [FIRST, {"==": [1, 1]}]}, ""),
        ({"in": []}, ""),
        ({"or": FIRST}, ""),
        ([], ""),
    ],
)
def test_simple_rules_are_said_by_their_texts(selector: Any, words: str) -> None:
    assert rule_words(selector) == words
