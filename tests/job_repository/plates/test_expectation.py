"""What a plate should have, and what is missing before the run ends."""

import random

import pytest

from job_repository.plates.expectation import Came, Expectation, expectation_of
from job_repository.plates.wells import state_of
from labrelay.contracts.states import Stage
from labrelay.contracts.wells import FORMATS, WellState
from labrelay.plates.wells import Well, well_of


def wells(rows: int, columns: int) -> list[Well]:
    return [Well(row, column) for row in range(1, rows + 1) for column in range(1, columns + 1)]


def came(visited: list[Well], images: int = 4, **fewer: int) -> dict[Well, Came]:
    """Wells in the order of their visit; `B07=2` has two images, `B07=0` none."""
    told = {well: Came(fewer.get(well.name, images), number) for number, well in enumerate(visited)}
    return {well: each for well, each in told.items() if each.images}


def names(found: Expectation, have: dict[Well, Came]) -> list[str]:
    """Wells that miss images for good."""
    return sorted(well.name for well in found.passed if have.get(well, Came(0, 0)).images < (found.of(well) or 0))


@pytest.mark.parametrize("count", FORMATS)
def test_a_whole_plate_has_its_format_and_misses_nothing(count: int) -> None:
    rows, columns = FORMATS[count]
    have = came(wells(rows, columns))
    found = expectation_of(have, finished=True, plate_images=None)
    assert (found.rows, found.columns, found.per_well, found.told_by) == (rows, columns, 4, "wells")
    assert (found.images, names(found, have)) == (4 * count, [])


def test_what_is_passed_over_is_missing_while_the_rest_still_comes() -> None:
    have = came(wells(8, 12)[:40], B07=0, C02=3)
    found = expectation_of(have, finished=False, plate_images=None)
    assert names(found, have) == ["B07", "C02"]
    assert found.of(well_of("D12")) == 4
    assert found.of(well_of("E01")) is None


def test_the_order_of_the_visit_is_read_from_the_visit() -> None:
    visited = sorted(wells(8, 12), key=lambda well: (well.column, well.row if well.column % 2 else -well.row))
    have = came(visited[:50], C03=0)
    assert names(expectation_of(have, finished=False, plate_images=None), have) == ["C03"]


def test_wells_that_came_in_no_order_are_missing_only_at_the_end() -> None:
    visited = wells(8, 12)
    random.Random(3).shuffle(visited)
    have = came(visited[:90])
    assert names(expectation_of(have, finished=False, plate_images=None), have) == []
    gone = sorted(well.name for well in visited[90:])
    assert names(expectation_of(have, finished=True, plate_images=None), have) == gone


def test_of_an_instrument_that_takes_chosen_wells_none_of_the_others_is_missing() -> None:
    have = came(wells(8, 12)[::4], images=1)
    found = expectation_of(have, finished=True, plate_images=None)
    assert (names(found, have), found.images) == ([], 24)


def test_a_task_that_says_how_many_settles_it_from_the_first_wells_on() -> None:
    have = came(wells(8, 12)[:6], images=4)
    found = expectation_of(have, finished=False, plate_images=4 * 384)
    assert (found.rows, found.columns, found.told_by, found.images) == (16, 24, "task", 1536)
    assert found.of(well_of("P24")) == 4
    assert names(found, have) == []


def test_the_newest_well_may_still_be_coming() -> None:
    have = came(wells(2, 3)[:2], images=4, A02=1)
    found = expectation_of(have, finished=False, plate_images=None)
    assert (found.per_well, names(found, have)) == (4, [])


def test_before_anything_came_nothing_is_expected() -> None:
    assert expectation_of({}, finished=False, plate_images=384) == Expectation(8, 12)


def test_every_stage_gives_a_well_a_state() -> None:
    states = {stage: state_of({stage: 1}, 0, 0, passed=False) for stage in Stage}
    assert states[Stage.FAILED] is WellState.FAILED
    assert states[Stage.READY] is WellState.WAITING
    assert states[Stage.PROCESSING] is WellState.RUNNING
    assert states[Stage.COMPLETE] is WellState.DONE
    assert state_of({Stage.COMPLETE: 4}, 4, 0, passed=True) is WellState.REJECTED
    assert state_of({Stage.COMPLETE: 3}, 0, 1, passed=True) is WellState.MISSING
    assert state_of({Stage.COMPLETE: 3}, 0, 1, passed=False) is WellState.AWAITED
    assert state_of({}, 0, 0, passed=True) is WellState.EMPTY
