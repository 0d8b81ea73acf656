"""Plates, and which plate and task a job belongs to. Plates of earlier days get no table by themselves.

Their jobs are taken up all the same: with the next file or retry of such a plate its table holds all of its images.
"""

import json
from typing import Any, Final

from alembic import op
from pydantic import ValidationError
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text, bindparam, select

from job_repository.plates.identity import plate_of
from labrelay.contracts.jobs import Job

revision = "0004"
down_revision = "0003"

CHUNK: Final = 1000
Big = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Add `plates`, `jobs.plate` and `jobs.task_id`, and fill them from the jobs that are there."""
    op.create_table(
        "plates",
        Column("id", String(36), primary_key=True),
        Column("number", Big, nullable=False, unique=True),
        Column("instrument", String(64), nullable=False, index=True),
        Column("folder", Text, nullable=False),
        Column("attributes", Text, nullable=False),
        Column("covered", Big, nullable=False),
    )
    op.add_column("jobs", Column("plate", String(36), nullable=False, server_default=""))
    op.add_column("jobs", Column("task_id", String(64), nullable=False, server_default=""))
    _take_up(op.get_bind())
    op.create_index("jobs_plate", "jobs", ["plate", "seq"])


def _take_up(connection: Connection) -> None:
    """All that these jobs did until now counts as told."""
    tables = MetaData()
    tables.reflect(connection, only=("jobs", "plates"))
    jobs, plates = tables.tables["jobs"], tables.tables["plates"]
    found: dict[str, dict[str, Any]] = {}
    after = 0
    while rows := _chunk(connection, jobs, after):
        after = rows[-1].number
        connection.execute(
            jobs.update().where(jobs.c.id == bindparam("row_id")), [_changes(row, found) for row in rows]
        )
    if found:
        connection.execute(plates.insert(), list(found.values()))


def _chunk(connection: Connection, jobs: Table, after: int) -> list[Any]:
    query = select(jobs.c.id, jobs.c.number, jobs.c.seq, jobs.c.doc).where(jobs.c.number > after)
    return list(connection.execute(query.order_by(jobs.c.number).limit(CHUNK)))


def _changes(row: Any, found: dict[str, dict[str, Any]]) -> dict[str, str]:
    try:
        job = Job.model_validate_json(row.doc)
    except ValidationError:  # of a form that nobody reads any more: no reason not to start
        return {"row_id": row.id, "plate": "", "task_id": ""}
    plate = plate_of(job)
    if plate:
        new = {
            "id": plate.id,
            "number": row.number,
            "instrument": plate.instrument,
            "folder": plate.folder.replace("\x00", "\ufffd"),
            "attributes": json.dumps(plate.attributes),
            "covered": 0,
        }
        known = found.setdefault(plate.id, new)
        known["covered"] = max(known["covered"], row.seq)
    return {"row_id": row.id, "plate": plate.id if plate else "", "task_id": job.task.id if job.task else ""}
