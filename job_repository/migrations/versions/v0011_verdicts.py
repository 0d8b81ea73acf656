"""What people say of results: a verdict, and the objects that they took out of the count."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create verdicts."""
    op.create_table(
        "verdicts",
        Column("job_id", String(36), primary_key=True),
        Column("revision", Integer, nullable=False),
        Column("seal", String(64), nullable=False),
        Column("verdict", String(8), nullable=False, index=True),
        Column("reason", Text, nullable=False),
        Column("given_by", Text, nullable=False),
        Column("at_ns", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
        Column("excluded", Text, nullable=False),
        Column("updated_ns", BigInteger().with_variant(Integer, "sqlite"), nullable=False, index=True),
    )
