"""Which jobs belong to one set of captures."""

from alembic import op
from sqlalchemy import Column, String

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add `jobs.set_key`, empty for jobs of their own."""
    op.add_column("jobs", Column("set_key", String(64), nullable=False, server_default=""))
    op.create_index("ix_jobs_set_key", "jobs", ["set_key"])
