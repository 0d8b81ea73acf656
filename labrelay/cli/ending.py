"""The end of a folder: `run` and `demo` know that no more images come, so that plates needn't wait for a quiet time."""

import time
from typing import Any, Final

from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import Plate
from labrelay.contracts.states import FINAL
from labrelay.http.client import Client
from labrelay.report import OutputFile, PlateTable

LOOK_S: Final = 0.25
LONGEST_S: Final = 60.0


def finish_plates(repository: Client, longest_s: float = LONGEST_S) -> tuple[PlateTable, ...]:
    """Say that every plate is all there, and wait until its tables lie beside the instrument, `longest_s` at most."""
    end = time.monotonic() + longest_s
    for plate in _plates(repository):
        if plate.state == "arriving":
            repository.post(f"/api/v2/plates/{plate.id}/close")
    while not all(map(_is_over, found := _plates(repository))) and time.monotonic() < end:
        time.sleep(LOOK_S)
    return tuple(table for plate in found for table in _tables(repository, plate))


def _plates(repository: Client) -> list[Plate]:
    found: list[Plate] = []
    after: dict[str, Any] = {}
    while True:
        page = repository.get("/api/v2/plates", params={"limit": 500, **after})
        found += [Plate.model_validate(each) for each in page["items"]]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def _is_over(plate: Plate) -> bool:
    return plate.state == "finished" and all(task.table_stage in (None, *FINAL) for task in plate.tasks)


def _tables(repository: Client, plate: Plate) -> list[PlateTable]:
    made = [(task, task.table_job) for task in plate.tasks if task.table_job]
    jobs = [(task, Job.model_validate(repository.get(f"/api/v2/jobs/{job}"))) for task, job in made]
    return [
        PlateTable(
            plate=plate.plate,
            pipeline=task.pipeline,
            edition=task.edition,
            stage=job.stage,
            outputs=tuple(OutputFile(path=each.returned_path or each.name, sha256=each.sha256) for each in job.outputs),
        )
        for task, job in jobs
    ]
