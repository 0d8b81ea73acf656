"""Views of jobs that the lab keeps by name."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    """Create views."""
    op.create_table(
        "views",
        Column("id", String(36), primary_key=True),
        Column("name", String(60), nullable=False),
        Column("where", Text, nullable=False),
        Column("created_ns", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
        Column("created_by", Text, nullable=False),
    )
