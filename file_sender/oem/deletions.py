"""What retention deletes on the instrument, written down before it is touched."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from labrelay.sqlite import durable_engine

GOING: Final = "going"
GONE: Final = "gone"
REFUSED: Final = "refused"
"""Gone, and the gateway doesn't take the word of it: the capture is unknown there, or another instrument's."""


class Base(DeclarativeBase):
    """The store's tables."""


class Deleted(Base):
    """One file, by the capture that it was announced as."""

    __tablename__ = "deletions"

    capture_id: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str]
    path: Mapped[str] = mapped_column(index=True)
    sha256: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    rule: Mapped[str]
    at_ns: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Deletion:
    """A file that is being deleted, or was."""

    capture_id: str
    folder: str
    path: str
    sha256: str
    rule: str


class Deletions:
    """The memory of deletions.

    Args:
        file: the SQLite file; nothing is touched before `open()`.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = durable_engine(file)

    def open(self) -> None:
        """Make the file and its table where they aren't there yet."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        Base.metadata.create_all(self._engine)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def begin(self, deletion: Deletion) -> None:
        """Its deletion begins."""
        with self._writing() as session:
            session.merge(Deleted(**vars(deletion), state=GOING, at_ns=time.time_ns()))

    def end(self, capture_id: str, *, deleted: bool) -> None:
        """It is gone, or stays after all."""
        with self._writing() as session:
            row = session.get(Deleted, capture_id)
            if row is None:
                return
            if deleted:
                row.state = GONE
            else:
                session.delete(row)

    def refused(self, capture_id: str) -> None:
        """It is gone, and the gateway won't hear of it: nothing waits for its word any more."""
        with self._writing() as session:
            row = session.get(Deleted, capture_id)
            if row is not None:
                row.state = REFUSED

    def set_aside(self) -> list[Deletion]:
        """Those that the gateway wouldn't hear of."""
        return self._in(REFUSED)

    def under_way(self) -> list[Deletion]:
        """What a crash cut in two."""
        return self._in(GOING)

    def _in(self, state: str) -> list[Deletion]:
        with Session(self._engine) as session:
            rows = session.scalars(select(Deleted).where(Deleted.state == state)).all()
            return [Deletion(row.capture_id, row.folder, row.path, row.sha256, row.rule) for row in rows]

    def words(self, folder: str, path: str, sha256: str) -> str:
        """When and why a content was deleted here; empty where it wasn't."""
        same = (Deleted.folder == folder) & (Deleted.path == path) & (Deleted.sha256 == sha256)
        if not self._file.exists():
            return ""
        with Session(self._engine) as session:
            row = session.scalars(select(Deleted).where(same, Deleted.state.in_((GONE, REFUSED)))).first()
        if row is None:
            return ""
        day = datetime.fromtimestamp(row.at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f" It was deleted on {day} by the retention rule of its folder ({row.rule})."

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with Session(self._engine) as session, session.begin():
            yield session
