"""What retention rules let go, and whether it is gone."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0007"
down_revision = "0006"

Big = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create releases."""
    op.create_table(
        "releases",
        Column("kind", String(16), primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("state", String(8), nullable=False, index=True),
        Column("at_ns", Big, nullable=False),
        Column("rule", Text, nullable=False),
        Column("actor", Text, nullable=False),
    )
