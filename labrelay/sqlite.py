"""SQLite that keeps what it has committed: WAL mode, every commit on disk before it returns."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from labrelay.errors import ServiceUnavailable, StorageFull
from labrelay.room import is_full

OEM_DISK: Final = "the disk of the instrument's PC"
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


@contextmanager
def troubles_told(file: Path, whose: str) -> Iterator[None]:
    """Trouble with an SQLite file in words for people.

    Args:
        file: the database.
        whose: whose disk it lies on, e.g. `the gateway's disk`.

    Raises:
        StorageFull: its disk is full.
        ServiceUnavailable: it can't be read or written otherwise.
    """
    try:
        yield
    except OperationalError as error:
        raise database_error(file, whose, error) from error


def database_error(file: Path, whose: str, error: OperationalError) -> ServiceUnavailable:
    """What a database's error means to people; SQLite has several names for a full disk."""
    if is_full(file.parent):
        step = f"Free space on {whose}; labrelay goes on by itself."
        return StorageFull(f"{whose[0].upper()}{whose[1:]} is full: {file} can't be written.", next_step=step)
    return ServiceUnavailable(f"{file} can't be read or written ({error.orig}).")
