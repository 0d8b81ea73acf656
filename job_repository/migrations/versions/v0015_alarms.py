"""Rules of alarms, what they raised, messages about it; and arrivals by instrument, for its rhythm."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the tables of alarms, and the index that an instrument's newest files are found by."""
    big = BigInteger().with_variant(Integer, "sqlite")
    op.create_table(
        "alarm_rules",
        Column("kind", String(32), primary_key=True),
        Column("instrument", String(64), primary_key=True),
        Column("doc", Text, nullable=False),
    )
    op.create_table(
        "alarms",
        Column("number", big, primary_key=True, autoincrement=True),
        Column("kind", String(32), nullable=False),
        Column("subject", Text, nullable=False),
        Column("state", String(16), nullable=False, index=True),
        *(Column(name, Text, nullable=False) for name in ("cause", "next_step", "acknowledged_by", "reason")),
        Column("raised_ns", big, nullable=False),
        *(Column(name, big, nullable=True) for name in ("acknowledged_ns", "cleared_ns")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alarm_deliveries",
        Column("number", big, primary_key=True, autoincrement=True),
        Column("channel", String(16), nullable=False),
        Column("event", String(16), nullable=False),
        Column("alarm", big, nullable=True),
        Column("message", String(64), nullable=False),
        Column("state", String(16), nullable=False, index=True),
        Column("attempts", Integer, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("outcome", "body")),
        *(Column(name, big, nullable=False) for name in ("created_ns", "next_ns")),
        Column("tried_ns", big, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("captures_arrived", "captures", ["instrument", "created_ns"])
