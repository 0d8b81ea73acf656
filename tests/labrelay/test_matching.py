"""Which tasks take a capture, and what they say of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.contracts.tasks import Task
from labrelay.matching import Outcome, match, selector_data, taking

TIFF = {"==": [{"var": "InputFile.Extension"}, ".tiff"]}
BROKEN = {"no such operator": [1]}
DATA = selector_data("plate1_A01.tiff", "oem", "/in/", {"Operator": "Bob"})


def a_task(name: str, selector: Any = True, **more: Any) -> Task:
    return Task(id=name, version=1, updated_ns=1, description=name, selector=selector, pipeline="only-file", **more)


def test_the_first_match_in_order_takes_the_capture_alone() -> None:
    tasks = [a_task("late", order=20), a_task("early", order=10), a_task("never", False, order=1)]
    assert [task.id for task in taking(tasks, DATA)] == ["early"]
    assert [(v.task.id, v.text) for v in match(tasks, DATA)] == [
        ("never", "not selected"),
        ("early", "takes"),
        ("late", "after the first match"),
    ]


def test_tasks_of_equal_order_are_asked_as_they_are_given() -> None:
    """The repository gives the older first."""
    assert [task.id for task in taking([a_task("b"), a_task("a")], DATA)] == ["b"]


@pytest.mark.parametrize("order", [1, 50])
def test_an_also_task_takes_besides_and_is_never_the_first(order: int) -> None:
    tasks = [a_task("main", order=10), a_task("besides", also=True, order=order), a_task("third", order=60)]
    assert {task.id for task in taking(tasks, DATA)} == {"main", "besides"}


def test_a_broken_selector_is_reported_and_harms_no_other_task() -> None:
    broken, good = match([a_task("a", BROKEN), a_task("b", TIFF)], DATA)
    assert broken.outcome is Outcome.BROKEN
    assert broken.text.startswith("broken selector: ")
    assert good.takes


def test_a_disabled_task_takes_nothing_and_blocks_nothing() -> None:
    assert [v.text for v in match([a_task("a", enabled=False), a_task("b")], DATA)] == ["disabled", "takes"]


def test_selectors_see_the_announced_file_as_aicsd_wrote_it() -> None:
    file = DATA["InputFile"]
    assert (file["Name"], file["Extension"], file["Attributes"]) == ("plate1_A01.tiff", ".tiff", {"Operator": "Bob"})
    assert (DATA["Owner"], DATA["Status"]) == ("data-organizer", "Incomplete")


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans(), st.sampled_from([True, False, BROKEN]))))
def test_at_most_one_task_takes_that_is_not_marked_also(rows: list[tuple[int, bool, bool, Any]]) -> None:
    tasks = [a_task(str(n), s, order=o, also=a, enabled=e) for n, (o, a, e, s) in enumerate(rows)]
    verdicts = match(tasks, DATA)
    assert len(verdicts) == len(tasks)
    firsts = [v.task for v in verdicts if v.takes and not v.task.also]
    assert len(firsts) == min(1, sum(t.enabled and not t.also and t.selector is True for t in tasks))
    assert all(v.takes for v in verdicts if v.task.also and v.task.enabled and v.task.selector is True)
