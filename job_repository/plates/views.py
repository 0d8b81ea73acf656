"""Plates as callers see them, from their rows, their jobs' counts and their tables' jobs."""

from collections import Counter
from collections.abc import Sequence

from job_repository.plates.identity import table_job_id, table_url
from job_repository.plates.store import PlateStore, StoredPlate, Tally
from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import Plate, PlateCounts, PlateTask
from labrelay.contracts.states import Stage


def shown(store: PlateStore, plates: Sequence[StoredPlate]) -> tuple[Plate, ...]:
    """These plates, in this order."""
    tallies = store.tallies([each.identity.id for each in plates])
    tables = store.table_jobs([table_job_id(plate, task) for plate, tasks in tallies.items() for task in tasks if task])
    return tuple(_plate(each, tallies[each.identity.id], tables) for each in plates)


def _plate(found: StoredPlate, tallies: dict[str, Tally], tables: dict[str, Job]) -> Plate:
    stages: Counter[Stage] = Counter()
    for tally in tallies.values():
        stages.update(tally.stages)
    newest = max((tally.seq for tally in tallies.values()), default=0)
    identity = found.identity
    return Plate(
        id=identity.id,
        instrument=identity.instrument,
        folder=identity.folder,
        plate=identity.name,
        attributes=identity.attributes,
        state="finished" if found.covered >= newest else "arriving",
        stages=dict(stages),
        tasks=tuple(
            _task(identity.id, task_id, tally, tables.get(table_job_id(identity.id, task_id)))
            for task_id, tally in tallies.items()
            if task_id
        ),
    )


def _task(plate_id: str, task_id: str, tally: Tally, table: Job | None) -> PlateTask:
    base = PlateTask(task_id=task_id, pipeline=tally.pipeline, stages=tally.stages)
    if table is None or table.report is None:
        return base
    told = {
        "edition": table.attempt,
        "counts": PlateCounts(**{name: int(value) for name, value in table.report.measurements.items()}),
        "table_job": table.id,
        "table_stage": table.stage,
        "table": table_url(plate_id, task_id),
    }
    return base.model_copy(update=told)
