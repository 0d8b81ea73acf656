"""Which plate a job belongs to, and which jobs are tables of plates. Pure."""

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID, uuid5

from labrelay.contracts.attributes import Attributes, wire_texts
from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import TABLE

PLATES: Final = UUID("5f0f5f36-8d6c-4d0f-9b0a-94a1de6bd9a7")
TELLING: Final[tuple[str, ...]] = ("plate", "plate_id", "measurement", "date")
"""Attributes that make a plate, besides instrument and watched folder: a plate that is read twice is two."""
PLATE_NAME: Final = 200
"""Characters of a plate's name that jobs are found by."""


@dataclass(frozen=True)
class PlateIdentity:
    """One plate; `attributes` are those of `TELLING` that its files have."""

    id: str
    instrument: str
    folder: str
    attributes: Attributes

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.attributes["plate"])


def plate_of(job: Job) -> PlateIdentity | None:
    """The plate of a job's capture; None for tables, and where the names tell no plate or no well."""
    source = job.source
    if is_table(job) or not all(str(source.attributes.get(name, "")) for name in ("plate", "well")):
        return None
    attributes = {name: source.attributes[name] for name in TELLING if name in source.attributes}
    told = json.dumps([source.instrument, source.folder, wire_texts(attributes)], sort_keys=True)
    return PlateIdentity(str(uuid5(PLATES, told)), source.instrument, source.folder, attributes)


def plate_id_of(job: Job) -> str:
    """The id of the plate that a job belongs to; empty for none."""
    plate = plate_of(job)
    return plate.id if plate else ""


def plate_name_of(job: Job) -> str:
    """The plate that a capture's name tells, also without a well, as jobs are found by it; of a table its plate."""
    return wire_texts(job.source.attributes).get("plate", "").replace("\x00", "\ufffd")[:PLATE_NAME]


def table_job_id(plate_id: str, task_id: str) -> str:
    """A plate has one table for each task, and a table one job, whatever the edition."""
    return str(uuid5(PLATES, f"{plate_id}/{task_id}"))


def table_url(plate_id: str, task_id: str) -> str:
    """Path of the table of wells on the repository and on the integrator's address."""
    return f"/api/v2/plates/{plate_id}/table.csv?task={quote(task_id)}"


def is_table(job: Job) -> bool:
    """Whether a job is a plate's table: the ids of people's tasks look otherwise."""
    return job.task is not None and job.task.id == TABLE
