"""The first tables of the record."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Text, UniqueConstraint

revision = "0001"
down_revision = None

Big = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create captures, jobs, tasks and audit."""
    meta = op.create_table("meta", Column("key", String(40), primary_key=True), Column("value", Big, nullable=False))
    op.bulk_insert(meta, [{"key": key, "value": 0} for key in ("epoch", "applied", "audit")])
    _captures()
    _jobs()
    _job_events()
    _tasks()
    _audit()


def _text(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _captures() -> None:
    op.create_table(
        "captures",
        Column("id", String(36), primary_key=True),
        Column("instrument", String(64), nullable=False),
        *_text("folder", "path"),
        Column("generation", Integer, nullable=False),
        Column("predecessor", String(36)),
        Column("sha256", String(64), nullable=False),
        *_text("announcement", "jobs"),
        Column("job_count", Integer, nullable=False),
        Column("superseded_by", String(36)),
        Column("created_ns", Big, nullable=False),
        UniqueConstraint("instrument", "folder", "path", "generation", name="captures_generation"),
    )
    op.create_index("captures_content", "captures", ["instrument", "sha256"])
    op.create_table(
        "capture_ends",
        Column("number", Big, primary_key=True, autoincrement=True),
        Column("capture_id", String(36), nullable=False, unique=True),
        Column("instrument", String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_capture_ends_instrument", "capture_ends", ["instrument"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        Column("id", String(36), primary_key=True),
        Column("number", Big, nullable=False, unique=True),
        Column("seq", Big, nullable=False),
        Column("capture_id", String(36), nullable=False),
        Column("stage", String(20), nullable=False),
        Column("status", String(24), nullable=False),
        Column("final", Boolean, nullable=False),
        Column("instrument", String(64), nullable=False),
        Column("pipeline", String(128), nullable=False),
        *_text("path", "failure_code"),
        Column("overdue", Boolean, nullable=False),
        Column("hidden", Boolean, nullable=False),
        Column("updated_ns", Big, nullable=False),
        *_text("doc"),
    )
    for name in ("capture_id", "stage", "final", "instrument", "pipeline"):
        op.create_index(f"ix_jobs_{name}", "jobs", [name])


def _job_events() -> None:
    op.create_table(
        "job_events",
        Column("seq", Big, primary_key=True, autoincrement=False),
        Column("job_id", String(36), nullable=False),
        Column("at_ns", Big, nullable=False),
        Column("step", String(20), nullable=False),
        Column("stage", String(20), nullable=False),
        *_text("actor"),
        Column("epoch", Integer, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("instrument", String(64), nullable=False),
        Column("pipeline", String(128), nullable=False),
        *_text("path", "detail"),
    )
    op.create_index("ix_job_events_job_id", "job_events", ["job_id"])


def _tasks() -> None:
    op.create_table(
        "tasks",
        Column("id", String(64), primary_key=True),
        Column("version", Integer, nullable=False),
        Column("deleted", Boolean, nullable=False),
        *_text("doc"),
    )
    op.create_table(
        "task_versions",
        Column("id", String(64), primary_key=True),
        Column("version", Integer, primary_key=True),
        *_text("actor", "doc"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        Column("number", Big, primary_key=True, autoincrement=False),
        Column("at_ns", Big, nullable=False),
        Column("kind", String(32), nullable=False),
        *_text("actor"),
        Column("subject", String(64), nullable=False),
        *_text("body"),
        Column("previous", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
