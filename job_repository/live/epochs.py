"""What the record held when each epoch of the live store began: so a reader learns what a backup doesn't know."""

import time

from sqlalchemy import Connection, func, insert, select

from job_repository.record.models import CaptureEndRow, EpochRow
from job_repository.record.store import ENDS, Record, number_of


def begin_epoch(connection: Connection, epoch: int) -> None:
    """Note in the caller's transaction that an epoch begins now."""
    row = {"epoch": epoch, "began_ns": time.time_ns(), "ends": _newest_end(connection)}
    connection.execute(insert(EpochRow).values(row))


class Epochs:
    """Looks at what a reader of the feed of ended captures was told that the record no longer holds.

    Args:
        record: the database.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def kept(self, known_epoch: int, after: int) -> int | None:
        """Up to which number the ends stand that a reader heard; None: all of them.

        Args:
            known_epoch: the epoch whose feed it read last.
            after: the number up to which it read.
        """
        later = select(func.min(EpochRow.ends)).where(EpochRow.epoch > known_epoch)
        with self._record.read() as connection:
            kept = connection.scalar(later)
            newest = _newest_end(connection)
        return newest if kept is None and after > newest else kept

    def newest(self) -> tuple[int, int] | None:
        """The newest epoch and when it began (nanoseconds since 1970); None before the first."""
        query = select(EpochRow.epoch, EpochRow.began_ns).order_by(EpochRow.epoch.desc()).limit(1)
        with self._record.read() as connection:
            row = connection.execute(query).first()
        return (row.epoch, row.began_ns) if row else None


def _newest_end(connection: Connection) -> int:
    """The highest number ever given: that of a capture that was opened again is no longer among the rows."""
    standing = connection.scalar(select(func.max(CaptureEndRow.number))) or 0
    return max(standing, number_of(connection, ENDS))
