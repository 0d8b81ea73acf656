"""SQLite that keeps what it has committed: WAL mode, every commit on disk before it returns."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event

PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON")


def durable_engine(file: Path) -> Engine:
    """An engine on `file`; nothing is opened before its first use."""
    engine = create_engine(f"sqlite:///{file.as_posix()}")
    event.listen(engine, "connect", make_durable)
    return engine


def make_durable(connection: Any, _: Any) -> None:
    """Listener for SQLAlchemy's `connect` event."""
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
