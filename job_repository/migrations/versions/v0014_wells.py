"""The well of each job, so that plates' maps and filters need no documents."""

import json
from typing import Any, Final

from alembic import op
from sqlalchemy import Column, Connection, MetaData, String, Table, bindparam, select

from job_repository.plates.images import WELL_NAME, placed
from labrelay.contracts.attributes import wire_texts

revision = "0014"
down_revision = "0013"

CHUNK: Final = 1000
WELLS: Final = {
    "sqlite": ("jobs_well", ("plate", "well", "task_id", "stage", "number", "path", "id")),
    "postgresql": ("jobs_well_only", ("plate", "well")),
}


def upgrade() -> None:
    """Add `jobs.well`, fill it, and make the index of plates' maps."""
    op.add_column("jobs", Column("well", String(WELL_NAME), nullable=False, server_default=""))
    _fill(op.get_bind())
    name, columns = WELLS[op.get_bind().dialect.name]
    op.create_index(name, "jobs", list(columns))


def _fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection, only=("jobs",))
    jobs, after = tables.tables["jobs"], 0
    while rows := _chunk(connection, jobs, after):
        after = rows[-1].number
        if changes := [{"row_id": row.id, "well": well} for row in rows if (well := _well(row.doc))]:
            connection.execute(jobs.update().where(jobs.c.id == bindparam("row_id")), changes)


def _chunk(connection: Connection, jobs: Table, after: int) -> list[Any]:
    query = select(jobs.c.id, jobs.c.number, jobs.c.doc).where(jobs.c.number > after)
    return list(connection.execute(query.order_by(jobs.c.number).limit(CHUNK)))


def _well(doc: str) -> str:
    told = json.loads(doc).get("source", {}).get("attributes", {}).get("well", "")
    text = wire_texts({"well": told})["well"] if told else ""
    return placed(text)[0].replace("\x00", "\ufffd")[:WELL_NAME] if text else ""
