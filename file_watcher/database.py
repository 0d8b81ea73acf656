"""The journal's tables: SQLite in WAL mode, every commit on disk before anything is said."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from labrelay.sqlite import OEM_DISK, durable_engine, troubles_told

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("folder", String, nullable=False),
    Column("path", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("file_id", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("found_ns", BigInteger, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("capture_id", String, index=True),
    Column("epoch", Integer),
    Column("resynced", Boolean, nullable=False, default=False),
    Column("predecessor", String),
    Column("cause", String, nullable=False, default=""),
    UniqueConstraint("folder", "path", "generation"),
    sqlite_autoincrement=True,
)
"""One row for each content that a path was found finished with; `predecessor` counts only where `resynced`."""

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("folder", String, primary_key=True),
    Column("path", String, primary_key=True),
    Column("file_id", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
)
"""What each path looked like when it was last dealt with."""

roots = Table("roots", metadata, Column("folder", String, primary_key=True), Column("identity", String, nullable=False))
"""Which folder (device and number) the files of a watched folder were last seen in."""

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Integer, nullable=False))
early_ends = Table("early_ends", metadata, Column("capture_id", String, primary_key=True))
"""Captures that the gateway reported as ended before their acceptance was written down."""

closings = Table(
    "closings",
    metadata,
    Column("capture_id", String, primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),
)
"""Up to which number of the gateway's feed each end was told; a gateway that fell back may know fewer of them."""

Index("entries_by_path", entries.c.path)


class Database:
    """One SQLite file. Writers take turns; readers never wait.

    Args:
        file: where it lies.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = durable_engine(file)
        self._turn = threading.Lock()

    def open(self) -> None:
        """Make the file and its tables where they aren't there yet."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as connection:
            metadata.create_all(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, on disk when the block ends."""
        with self._turn, self._telling(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading."""
        with self._telling(), self._engine.connect() as connection:
            yield connection

    def _telling(self) -> AbstractContextManager[None]:
        return troubles_told(self._file, OEM_DISK)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
