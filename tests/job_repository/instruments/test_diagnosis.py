"""Why no file comes is told apart, and the first cause is named, not its consequences."""

import pytest

from job_repository.instruments.diagnosis import Signs, condition_of
from labrelay.contracts.instruments import NEEDING, NEXT_STEPS, SENTENCES, Condition

ALL_WRONG = Signs(unreachable="cut", unreadable="B07.tif", unmatched=True, late=True, guarded=True)


@pytest.mark.parametrize(
    ("signs", "condition"),
    [
        (Signs(), Condition.WELL),
        (Signs(heard_s=None, listening_s=20), Condition.UNKNOWN),
        (Signs(heard_s=None, listening_s=90), Condition.SIDE_SILENT),
        (Signs(heard_s=90), Condition.SIDE_SILENT),
        (Signs(heard_s=90, unreachable="old news", late=True, guarded=True), Condition.SIDE_SILENT),
        (ALL_WRONG, Condition.UNREACHABLE),
        (Signs(unreadable="B07.tif", unmatched=True, late=True, guarded=True), Condition.UNREADABLE),
        (Signs(unmatched=True, late=True, guarded=True), Condition.UNMATCHED),
        (Signs(late=True, guarded=True), Condition.SILENT),
        (Signs(late=True), Condition.RESTING),
        (Signs(has_side=False, heard_s=None), Condition.PUSHED),
        (Signs(has_side=False, heard_s=None, late=True, guarded=True), Condition.SILENT),
        (Signs(heard_s=90, paused=True), Condition.PAUSED),
        (Signs(draining=True, late=True, guarded=True), Condition.DRAINING),
    ],
)
def test_each_condition_has_its_signs(signs: Signs, condition: Condition) -> None:
    assert condition_of(signs)[0] is condition


def test_what_was_told_is_passed_on() -> None:
    assert condition_of(ALL_WRONG) == (Condition.UNREACHABLE, "cut")


def test_every_condition_has_words_and_those_that_need_somebody_a_next_step() -> None:
    assert set(SENTENCES) == set(Condition)
    assert set(NEXT_STEPS) == NEEDING
