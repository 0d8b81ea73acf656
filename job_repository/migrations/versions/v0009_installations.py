"""Which installation of the instrument's side holds an instrument's name."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create installations."""
    op.create_table(
        "installations",
        Column("instrument", String(64), primary_key=True),
        Column("installation", String(64), nullable=False),
        Column("since_ns", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    )
