"""What an alarm's cause is drawn from in every reader's language."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add `parameters`; alarms of before keep the words that were stored."""
    op.add_column("alarms", Column("parameters", Text, nullable=False, server_default="{}"))
