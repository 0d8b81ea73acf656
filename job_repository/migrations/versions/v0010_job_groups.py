"""Counters of jobs that are alike, waivers of failures, and the few indexes that lists are made from."""

from typing import Any, Final

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, MetaData, String, Text, case, func, select

from job_repository.record.groups import FAILING, group_id

revision = "0010"
down_revision = "0009"

Big = BigInteger().with_variant(Integer, "sqlite")
OLD: Final = ("jobs_stage", "jobs_instrument", "jobs_pipeline", "jobs_updated")
NEW: Final = {
    "jobs_group": ("group_id", "number", "updated_ns"),
    "jobs_updated": ("updated_ns", "number", "group_id"),
}
TEXTS: Final = ("number", "path", "plate_name", "instrument", "pipeline", "failure_code")
ALIKE: Final = ("instrument", "pipeline", "task_id", "stage", "status", "failure_code", "overdue")


def upgrade() -> None:
    """Create `job_groups`, `waivers` and `job_minutes`, tell every job its group, exchange the indexes."""
    _create_tables()
    for name in ("group_id", "waiver"):
        op.add_column("jobs", Column(name, Big, nullable=False, server_default="0"))
    _fill(op.get_bind())
    for name in OLD:
        op.drop_index(name, "jobs")
    for name, columns in NEW.items():
        op.create_index(name, "jobs", list(columns))
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("jobs_scan", "jobs")
        op.create_index("jobs_text", "jobs", list(TEXTS))


def _create_tables() -> None:
    op.create_table(
        "job_groups",
        Column("id", Big, primary_key=True, autoincrement=False),
        Column("instrument", String(64), nullable=False),
        Column("pipeline", String(128), nullable=False),
        Column("task_id", String(64), nullable=False),
        Column("stage", String(20), nullable=False),
        Column("status", String(24), nullable=False),
        Column("failure_code", Text, nullable=False),
        Column("overdue", Boolean, nullable=False),
        Column("waived", Boolean, nullable=False),
        Column("jobs", Big, nullable=False),
        Column("last_ns", Big, nullable=False),
    )
    op.create_table(
        "waivers",
        Column("number", Big, primary_key=True, autoincrement=True),
        Column("filter", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("at_ns", Big, nullable=False),
        Column("jobs", Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job_minutes",
        Column("minute", Big, primary_key=True, autoincrement=False),
        Column("arrived", Integer, nullable=False),
        Column("ended", Integer, nullable=False),
    )


def _fill(connection: Connection) -> None:
    """One look at all jobs, and one statement that tells each its group."""
    tables = MetaData()
    tables.reflect(connection, only=("jobs", "job_groups"))
    jobs, groups = tables.tables["jobs"].c, tables.tables["job_groups"]
    code = case((jobs.stage.in_([stage.value for stage in FAILING]), jobs.failure_code), else_="")
    columns: list[Any] = [code if name == "failure_code" else jobs[name] for name in ALIKE]
    counted = select(*columns, func.count(), func.max(jobs.updated_ns)).group_by(*columns)
    rows = [_group(row) for row in connection.execute(counted)]
    if not rows:
        return
    connection.execute(groups.insert(), rows)
    op.create_index("job_groups_alike", "job_groups", ["instrument", "stage", "failure_code", "task_id", "pipeline"])
    alike = [groups.c[name] == column for name, column in zip(ALIKE, columns, strict=True)]
    found = select(groups.c.id).where(*alike).scalar_subquery()
    connection.execute(tables.tables["jobs"].update().values(group_id=found))
    op.drop_index("job_groups_alike", "job_groups")


def _group(row: Any) -> dict[str, Any]:
    told = {**dict(zip(ALIKE, row, strict=False)), "waived": False}
    told["overdue"] = bool(told["overdue"])
    return {"id": group_id(told), **told, "jobs": row[-2], "last_ns": row[-1]}
