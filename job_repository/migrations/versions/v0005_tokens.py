"""Tokens of instruments, pipelines and people."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0005"
down_revision = "0004"

Big = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create tokens."""
    op.create_table(
        "tokens",
        Column("id", String(12), primary_key=True),
        Column("sha256", String(64), nullable=False),
        Column("role", String(16), nullable=False),
        Column("subject", Text, nullable=False),
        Column("created_ns", Big, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("expires_ns", Big),
        Column("used_ns", Big),
        Column("revoked_ns", Big),
        Column("revoked_by", Text, nullable=False, server_default=""),
    )
