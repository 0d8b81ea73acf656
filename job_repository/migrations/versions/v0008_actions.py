"""Acts on many jobs, and what jobs are chosen by: the plate's name, the revision, and indexes for lists and counts."""

from typing import Any, Final

from alembic import op
from pydantic import ValidationError
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text, bindparam, select

from job_repository.plates.identity import plate_name_of
from labrelay.contracts.jobs import Job

revision = "0008"
down_revision = "0007"

CHUNK: Final = 1000
Big = BigInteger().with_variant(Integer, "sqlite")
BY_NUMBER: Final = ("stage", "instrument", "pipeline", "plate_name")
SCANNED: Final = (
    *("stage", "status", "failure_code", "instrument", "pipeline", "number"),
    *("task_id", "plate_name", "plate", "updated_ns", "path", "id"),
)


def upgrade() -> None:
    """Create `actions` and `action_jobs`; add `jobs.plate_name` and `jobs.revision`, and fill them."""
    _create_actions()
    op.add_column("jobs", Column("plate_name", String(200), nullable=False, server_default=""))
    op.add_column("jobs", Column("revision", Integer, nullable=False, server_default="0"))
    _fill(op.get_bind())
    for name in ("stage", "instrument", "pipeline"):
        op.drop_index(f"ix_jobs_{name}", "jobs")
    for name in BY_NUMBER:
        op.create_index(f"jobs_{name}", "jobs", [name, "number"])
    op.create_index("jobs_updated", "jobs", ["updated_ns", "number"])
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("jobs_scan", "jobs", list(SCANNED))


def _create_actions() -> None:
    op.create_table(
        "actions",
        Column("id", String(36), primary_key=True),
        Column("action", String(16), nullable=False),
        Column("filter", Text, nullable=False),
        Column("state", String(16), nullable=False, index=True),
        Column("actor", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("total", Integer, nullable=False),
        Column("told", Text, nullable=False),
        Column("created_ns", Big, nullable=False, index=True),
        Column("started_ns", Big, nullable=False, server_default="0"),
        Column("ended_ns", Big, nullable=False, server_default="0"),
    )
    op.create_table(
        "action_jobs",
        Column("action_id", String(36), primary_key=True),
        Column("job_id", String(36), primary_key=True),
        Column("place", Big, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("seq", Big, nullable=False),
        Column("outcome", String(16), nullable=False),
        Column("told", Text, nullable=False, server_default=""),
    )
    op.create_index("action_jobs_outcome", "action_jobs", ["action_id", "outcome", "place"])


def _fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection, only=("jobs",))
    jobs, after = tables.tables["jobs"], 0
    while rows := _chunk(connection, jobs, after):
        after = rows[-1].number
        connection.execute(jobs.update().where(jobs.c.id == bindparam("row_id")), [_changes(row) for row in rows])


def _chunk(connection: Connection, jobs: Table, after: int) -> list[Any]:
    query = select(jobs.c.id, jobs.c.number, jobs.c.doc).where(jobs.c.number > after)
    return list(connection.execute(query.order_by(jobs.c.number).limit(CHUNK)))


def _changes(row: Any) -> dict[str, Any]:
    try:
        job = Job.model_validate_json(row.doc)
    except ValidationError:  # of a form that nobody reads any more: no reason not to start
        return {"row_id": row.id, "plate_name": "", "revision": 0}
    return {"row_id": row.id, "plate_name": plate_name_of(job), "revision": job.revision}
