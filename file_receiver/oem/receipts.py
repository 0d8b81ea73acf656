"""Receipts: which file below the output folder belongs to which job, kept in SQLite before the file appears."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from file_receiver.oem.naming import key_of
from labrelay.contracts.captures import ReturnOffer
from labrelay.sqlite import OEM_DISK, durable_engine, troubles_told

RESERVED: Final = "reserved"
WRITTEN: Final = "written"
SENT: Final = "sent"


class Base(DeclarativeBase):
    """The store's tables."""


class Named(Base):
    """One output's place. A place once given to a job stays that job's.

    Attributes:
        key: `path` as Windows compares it.
        path: below the output folder, forward slashes.
        sha256: what stands there, or will.
        state: reserved (the file may not be there yet), written, sent (the gateway has the receipt).
        published: labrelay has written this file at least once, so it may write it again.
    """

    __tablename__ = "receipts"

    key: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    job_id: Mapped[str] = mapped_column(index=True)
    number: Mapped[int]
    mark: Mapped[str]
    capture_id: Mapped[str]
    folder: Mapped[str]
    source_path: Mapped[str]
    generation: Mapped[int]
    epoch: Mapped[int]
    attempt: Mapped[int]
    sha256: Mapped[str]
    state: Mapped[str]
    published: Mapped[bool] = mapped_column(default=False)
    updated_ns: Mapped[int] = mapped_column(BigInteger)


class Note(Base):
    """A remembered number, such as the gateway's epoch."""

    __tablename__ = "notes"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


@dataclass(frozen=True)
class Place:
    """One output's place as others see it."""

    path: str
    job_id: str
    number: int
    mark: str
    epoch: int
    attempt: int
    sha256: str
    state: str
    published: bool


class Receipts:
    """The receiver's memory.

    Args:
        file: the SQLite file; nothing is touched before `open()`.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = durable_engine(file)
        self._lock = threading.Lock()

    def open(self) -> None:
        """Make the file and its tables where they aren't there yet."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        Base.metadata.create_all(self._engine)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def at(self, path: str) -> Place | None:
        """Whose place a path below the output folder is."""
        with self._reading() as session:
            row = session.get(Named, key_of(path))
            return _place(row) if row else None

    def of_job(self, job_id: str) -> list[Place]:
        """All places that a job ever had, those of earlier attempts too."""
        asked = select(Named).where(Named.job_id == job_id).order_by(Named.number)
        with self._reading() as session:
            return [_place(row) for row in session.scalars(asked)]

    def sent_since(self, since_ns: int) -> list[Place]:
        """Places whose receipts the gateway has had since then."""
        asked = select(Named).where(Named.state == SENT, Named.updated_ns >= since_ns).order_by(Named.job_id)
        with self._reading() as session:
            return [_place(row) for row in session.scalars(asked)]

    def reserved_before(self, before_ns: int) -> list[Place]:
        """Places that were reserved before then and whose files haven't come."""
        asked = select(Named).where(Named.state == RESERVED, Named.updated_ns < before_ns)
        with self._reading() as session:
            return [_place(row) for row in session.scalars(asked)]

    def reserve(self, offer: ReturnOffer, mark: str, paths: list[str]) -> list[Place]:
        """Write down, durably, where an offer's outputs will stand."""
        with self._writing() as session:
            for output, path in zip(offer.outputs, paths, strict=True):
                row = session.get(Named, key_of(path))
                if row is None or row.sha256 != output.sha256 or row.path != path:
                    session.merge(_row(offer, output.index, output.sha256, mark, path, row))
                else:
                    row.epoch, row.attempt, row.mark, row.number = offer.epoch, offer.attempt, mark, output.index
        return [place for path in paths if (place := self.at(path))]

    def move(self, paths: list[str], state: str) -> None:
        """Set the state of places; written and sent ones are published."""
        values = {"state": state, "published": True, "updated_ns": time.time_ns()}
        with self._writing() as session:
            session.execute(update(Named).where(Named.key.in_([key_of(path) for path in paths])).values(**values))

    def note_epoch(self, epoch: int) -> bool:
        """Remember the gateway's epoch; whether it is another than the one known before."""
        with self._writing() as session:
            known = session.get(Note, "epoch")
            changed = known is not None and known.value != epoch
            if known is None or changed:
                session.merge(Note(name="epoch", value=epoch))
        return changed

    def noted(self, name: str) -> int | None:
        """A remembered number."""
        with self._reading() as session:
            known = session.get(Note, name)
            return known.value if known else None

    def note(self, name: str, value: int) -> None:
        """Remember a number."""
        with self._writing() as session:
            session.merge(Note(name=name, value=value))

    def counts(self) -> dict[str, int]:
        """Places by state."""
        asked = select(Named.state, func.count()).group_by(Named.state)
        with self._reading() as session:
            return {str(row[0]): int(row[1]) for row in session.execute(asked)}

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._lock, self._reading() as session, session.begin():
            yield session

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with troubles_told(self._file, OEM_DISK), Session(self._engine) as session:
            yield session


def _row(offer: ReturnOffer, number: int, sha256: str, mark: str, path: str, before: Named | None) -> Named:
    return Named(
        key=key_of(path),
        path=path,
        job_id=offer.job_id,
        number=number,
        mark=mark,
        capture_id=offer.capture_id,
        folder=offer.folder,
        source_path=offer.source_path,
        generation=offer.generation,
        epoch=offer.epoch,
        attempt=offer.attempt,
        sha256=sha256,
        state=RESERVED,
        published=before.published if before else False,
        updated_ns=time.time_ns(),
    )


def _place(row: Named) -> Place:
    return Place(**{name: getattr(row, name) for name in Place.__dataclass_fields__})
