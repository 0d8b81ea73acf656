"""The step that begins an edition: from wherever the table's job is, once, and with the same bytes not at all."""

import pytest

from job_repository.jobs.effects import NOTHING_HELD, rewound
from job_repository.jobs.steps import FinishPlate
from job_repository.jobs.transitions import apply
from job_repository.plates.editions import edition_of
from job_repository.plates.identity import is_table, plate_of
from job_repository.plates.tables import tables_of
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from tests.job_repository.plates.test_plate_tables import a_job, measured


def edition(known: Job | None, *images: Job) -> FinishPlate:
    plate = plate_of(images[0])
    assert plate
    return edition_of(plate, images, tables_of(plate.name, images), known)


def table_at(stage: Stage) -> Job:
    """The job of a table after its first edition."""
    step = edition(None, measured(1, count=1))
    blank = a_job(9).model_copy(update={"id": step.finished.job_id, "stage": Stage.SEALING, "report": None})
    return apply(blank, step, 1).model_copy(update={"stage": stage})


@pytest.mark.parametrize("stage", Stage)
def test_a_later_edition_takes_over_from_any_stage_once(stage: Stage) -> None:
    before = table_at(stage)
    step = edition(before, measured(1, count=1), measured(2, count=1))
    after = apply(before, step, 2)
    assert (after.stage, after.attempt, after.source.generation) == (Stage.RETURNING, 2, 2)
    assert (after.outputs, after.failure, is_table(after)) == (step.outputs, None, True)
    assert apply(after, step, 3) is after


def test_the_same_numbers_make_no_edition() -> None:
    assert edition(table_at(Stage.COMPLETE), measured(1, count=1)).finished.edition == 1


def test_a_later_edition_lies_where_the_first_did() -> None:
    elsewhere = a_job(2, path="other/A01_2")
    assert edition(table_at(Stage.COMPLETE), measured(1, count=1), elsewhere).source.path == "P/P_p_wells.csv"
    assert edition(None, measured(1, count=1), elsewhere).source.path == "P_p_wells.csv"


def test_a_restored_table_goes_on_with_its_return() -> None:
    assert rewound(table_at(Stage.RECEIVING), NOTHING_HELD)["stage"] is Stage.RETURNING
