"""What the record held when each epoch of the live store began."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer

revision = "0006"
down_revision = "0005"

Big = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create epochs."""
    op.create_table(
        "epochs",
        Column("epoch", Big, primary_key=True, autoincrement=False),
        Column("began_ns", Big, nullable=False),
        Column("ends", Big, nullable=False),
    )
