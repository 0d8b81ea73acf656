"""Which instruments are paused, and from where."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create instruments_paused."""
    op.create_table(
        "instruments_paused",
        Column("instrument", String(64), primary_key=True),
        Column("place", String(16), primary_key=True),
        Column("paused_by", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("since_ns", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    )
