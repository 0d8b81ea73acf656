"""Plates at a glance, from an index alone: no document is read."""

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from job_repository.plates.expectation import Came, Expectation, expectation_of
from job_repository.plates.images import placed
from job_repository.plates.sites import accepted_of
from job_repository.plates.store import PlateStore
from job_repository.plates.wells import state_of
from job_repository.record.models import JobRow, PlateRow, VerdictRow
from labrelay.contracts.states import Stage
from labrelay.contracts.verdicts import Judgement
from labrelay.contracts.wells import STATE_LETTERS, PlateMap, WellState
from labrelay.plates.wells import Well

KEPT: Final = 200


class _Image(NamedTuple):
    id: str
    task: str
    well: str
    stage: Stage
    number: int


class Judged(NamedTuple):
    """Jobs that people rejected, and failed ones that they accepted as missing."""

    rejected: frozenset[str]
    accepted: frozenset[str]


class PlateAtlas:
    """Maps of plates; one whose jobs didn't change is not looked at again. Safe to use from several threads."""

    def __init__(self, store: PlateStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[tuple[object, ...], PlateMap]] = OrderedDict()

    def of(self, plate_ids: Sequence[str], plate_images: Mapping[str, int | None]) -> tuple[PlateMap, ...]:
        """Maps in this order; unknown ids are left out.

        Args:
            plate_ids: which.
            plate_images: by task, how many images it expects of a plate.
        """
        with self._lock, self._store.record.read() as connection:
            query = select(PlateRow.id, PlateRow.covered).where(PlateRow.id.in_(plate_ids))
            covered = {row.id: row.covered for row in connection.execute(query)}
            wanted = [each for each in dict.fromkeys(plate_ids) if each in covered]
            return tuple(self._map(connection, each, covered[each], plate_images) for each in wanted)

    def _map(
        self, connection: Connection, plate_id: str, covered: int, plate_images: Mapping[str, int | None]
    ) -> PlateMap:
        query = select(func.max(JobRow.seq), func.count()).where(JobRow.plate == plate_id)
        newest, jobs = connection.execute(query).one()
        said = Judged(_rejected(connection, plate_id), accepted_of(connection, plate_id))
        mark = newest, jobs, covered, said, tuple(plate_images.items())
        known = self._known.pop(plate_id, None)
        if known is None or known[0] != mark:
            images = _images(connection, plate_id)
            known = mark, map_of(plate_id, images, said, covered >= (newest or 0), plate_images)
        self._known[plate_id] = known
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known[1]


def _rejected(connection: Connection, plate_id: str) -> frozenset[str]:
    query = select(VerdictRow.job_id).join(JobRow, JobRow.id == VerdictRow.job_id)
    return frozenset(connection.scalars(query.where(VerdictRow.verdict == Judgement.REJECT, JobRow.plate == plate_id)))


def _images(connection: Connection, plate_id: str) -> list[_Image]:
    """The newest of each file and task."""
    columns = JobRow.id, JobRow.task_id, JobRow.well, JobRow.stage, JobRow.number, JobRow.path
    newest: dict[tuple[str, str], _Image] = {}
    for job, task, well, stage, number, path in connection.execute(select(*columns).where(JobRow.plate == plate_id)):
        known = newest.get((task, path))
        if stage != Stage.SUPERSEDED and (known is None or known.number < number):
            newest[task, path] = _Image(job, task, well, Stage(stage), number)
    return list(newest.values())


def map_of(
    plate_id: str,
    images: Sequence[_Image],
    said: Judged,
    finished: bool,
    plate_images: Mapping[str, int | None],
) -> PlateMap:
    """The map of a plate by the task with most images."""
    task = next((each for each, _ in Counter(each.task for each in images if each.task).most_common(1)), "")
    wells: defaultdict[Well, list[_Image]] = defaultdict(list)
    for image in images:
        row, column, _ = placed(image.well)[1]
        if column and image.task in (task, ""):
            wells[Well(row, column)].append(image)
    came = {well: Came(len(each), min(image.number for image in each)) for well, each in wells.items()}
    expected = expectation_of(came, finished, plate_images.get(task))
    places = [Well(row, column) for row in range(1, expected.rows + 1) for column in range(1, expected.columns + 1)]
    shown = [image for each in wells.values() for image in each]
    stages, accepted = Counter(image.stage for image in shown), sum(image.id in said.accepted for image in shown)
    return PlateMap(
        plate=plate_id,
        rows=expected.rows,
        columns=expected.columns,
        expected=expected.images,
        arrived=stages.total(),
        done=stages[Stage.COMPLETE] + stages[Stage.UNMATCHED],
        failed=stages[Stage.FAILED] - accepted,
        accepted=accepted,
        states="".join(STATE_LETTERS[_state(well, wells.get(well, []), said, expected)] for well in places),
    )


def _state(well: Well, images: Sequence[_Image], said: Judged, expected: Expectation) -> WellState:
    missing = max(0, (expected.of(well) or 0) - len(images))
    rejected = sum(image.id in said.rejected for image in images)
    accepted = sum(image.id in said.accepted for image in images)
    return state_of(Counter(image.stage for image in images), rejected, missing, well in expected.passed, accepted)
