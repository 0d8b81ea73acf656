"""A plate's wells from its images: where each stands, what it should have, what was measured. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from job_repository.plates.expectation import Came, Expectation, expectation_of
from job_repository.plates.sites import PlateSites, Said, Site, measured_by_people
from job_repository.plates.tables import MOST_MEASUREMENTS, is_count
from labrelay.contracts import wells as contract
from labrelay.contracts.plates import Plate
from labrelay.contracts.states import FINAL, Stage
from labrelay.contracts.wells import SLICES, PlateWells, WellState, WellTask
from labrelay.plates.wells import Well

WORKED_ON: Final = frozenset(
    {Stage.JOINED, Stage.PROCESSING, Stage.REPORTED, Stage.SEALING, Stage.RETURNING, Stage.RECEIVING}
)
NEWEST_FIRST: Final = frozenset({"time", "acquired"})
"""Of these the last value is shown unless another is asked for; of channels and planes the first."""


def wells_of(
    plate: Plate, found: PlateSites, task: str | None, asked: Mapping[str, str], plate_images: Mapping[str, int | None]
) -> PlateWells:
    """All wells of a plate by one task.

    Args:
        plate: as callers see it.
        found: its images.
        task: the task's id; None for the one with most images.
        asked: of channel, plane and time the values that are to be shown.
        plate_images: by task, how many images it expects of a plate.
    """
    tasks = _tasks(found.sites)
    chosen = (tasks[0].id if tasks else "") if task is None else task
    sites = sorted(
        (each for each in found.sites if each.task in (chosen, "")), key=lambda each: (each.place, each.path)
    )
    slices = slices_of(sites)
    taken = {name: asked.get(name) or _usual(name, values) for name, values in slices.items()}
    names = tuple(dict.fromkeys(name for each in sites for name in each.measured))[:MOST_MEASUREMENTS]
    expected = expectation_of(came_of(sites), plate.state == "finished", plate_images.get(chosen))
    return PlateWells(
        plate=plate,
        seq=found.seq,
        task=chosen,
        tasks=tasks,
        rows=expected.rows,
        columns=expected.columns,
        per_well=expected.per_well,
        told_by=expected.told_by,
        measurements=names,
        slices=slices,
        slice=taken,
        wells=tuple(_wells(sites, found, expected, names, taken)),
    )


def came_of(sites: Iterable[Site]) -> dict[Well, Came]:
    """What came of each well that a plate can have."""
    came: dict[Well, Came] = {}
    for site in sites:
        row, column, _ = site.place
        if column:
            images, first = came.get(Well(row, column), (0, site.number))
            came[Well(row, column)] = Came(images + 1, min(first, site.number))
    return came


def slices_of(sites: Iterable[Site]) -> dict[str, tuple[str, ...]]:
    """What of channel, plane and time the images have several of."""
    told = [each.told for each in sites]
    values = {name: {each[name] for each in told if name in each} for name in SLICES}
    return {name: tuple(sorted(found, key=_order)) for name, found in values.items() if len(found) > 1}


def state_of(stages: Mapping[Stage, int], rejected: int, missing: int, passed: bool, accepted: int = 0) -> WellState:
    """The state of a well.

    Args:
        stages: its images by where they stand.
        rejected: images that a person rejected.
        missing: images that should have come and haven't.
        passed: nothing more is likely to come for this well.
        accepted: failed images that a person accepted as missing.
    """
    arrived, done = sum(stages.values()), stages.get(Stage.COMPLETE, 0)
    in_order: tuple[tuple[bool | int, WellState], ...] = (
        (stages.get(Stage.FAILED, 0) > accepted, WellState.FAILED),
        (missing > 0 and passed, WellState.MISSING),
        (any(stage in WORKED_ON for stage in stages), WellState.RUNNING),
        (any(stage not in FINAL for stage in stages), WellState.WAITING),
        (missing > 0, WellState.AWAITED),
        (rejected >= max(1, done), WellState.REJECTED),
        (accepted, WellState.ACCEPTED),
        (done, WellState.DONE),
        (stages.get(Stage.UNMATCHED, 0), WellState.UNMATCHED),
        (arrived, WellState.WITHDRAWN),
    )
    return next((state for holds, state in in_order if holds), WellState.EMPTY)


def _tasks(sites: Iterable[Site]) -> tuple[WellTask, ...]:
    """With most images first."""
    counted = Counter((each.task, each.description, each.pipeline) for each in sites if each.task)
    # A task that was renamed while the plate came has several descriptions: the one of most images counts.
    by_id: dict[str, WellTask] = {}
    for (task, description, pipeline), images in counted.most_common():
        known = by_id.get(task) or WellTask(id=task, description=description, pipeline=pipeline, images=0)
        by_id[task] = known.model_copy(update={"images": known.images + images})
    return tuple(sorted(by_id.values(), key=lambda each: -each.images))


def _usual(name: str, values: Sequence[str]) -> str:
    return values[-1] if name in NEWEST_FIRST else values[0]


def _order(text: str) -> tuple[bool, float, str]:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return (False, number, text) if math.isfinite(number) else (True, 0.0, text)


def _wells(
    sites: Sequence[Site],
    people: PlateSites,
    expected: Expectation,
    names: Sequence[str],
    taken: Mapping[str, str],
) -> list[contract.Well]:
    groups = {place: [*group] for place, group in groupby(sites, key=lambda each: each.place)}
    empty = [(well.row, well.column, "") for well in expected.wells if (well.row, well.column, "") not in groups]
    return [_well(place, groups.get(place, ()), people, expected, names, taken) for place in sorted([*groups, *empty])]


def _well(
    place: tuple[int, int, str],
    sites: Sequence[Site],
    people: PlateSites,
    expected: Expectation,
    names: Sequence[str],
    taken: Mapping[str, str],
) -> contract.Well:
    well, said = Well(place[0], place[1]), people.said
    due = expected.of(well)
    stages = Counter(each.stage for each in sites)
    rejected = sum(each.job in said and said[each.job].rejected for each in sites)
    accepted = sum(each.job in people.accepted for each in sites)
    flags = Counter(flag for each in sites for flag in each.flags)
    missing = max(0, (due or 0) - len(sites))
    return contract.Well(
        well=sites[0].well if sites else well.name,
        row=well.row if well.column else 0,
        column=well.column,
        state=state_of(stages, rejected, missing, well in expected.passed, accepted),
        expected=due,
        arrived=len(sites),
        stages=stages,
        accepted=accepted,
        rejected=rejected,
        flagged=sum(bool(each.flags) for each in sites),
        flags=dict(sorted(flags.items())),
        first_ns=min((each.created_ns for each in sites), default=0),
        last_ns=max((each.updated_ns for each in sites), default=0),
        values=_values(sites, said, names, taken),
        control=next((each.control for each in sites if each.control), ""),
        sample=next((each.sample for each in sites if each.sample), ""),
    )


def _values(
    sites: Iterable[Site], said: Mapping[str, Said], names: Sequence[str], taken: Mapping[str, str]
) -> tuple[float | None, ...]:
    shown = [each for each in sites if all(each.told.get(name, value) == value for name, value in taken.items())]
    measured = [measured_by_people(each, said.get(each.job)) for each in shown]
    return tuple(_summed(name, [each[name] for each in measured if name in each]) for name in names)


def _summed(name: str, values: Sequence[float]) -> float | None:
    """As in the tables: counts are summed, all else is the mean."""
    if not values:
        return None
    total = math.fsum(values)
    return total if is_count(name) else total / len(values)
