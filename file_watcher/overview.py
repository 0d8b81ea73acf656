"""Questions that people ask of the journal."""

from sqlalchemy import Row, func, select

from file_watcher.bodies import Entries, Entry
from file_watcher.database import Database, entries


class Overview:
    """Read-only views of the journal.

    Args:
        database: the journal's file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(
        self,
        path: str | None = None,
        state: str | None = None,
        limit: int = 100,
        folder: str | None = None,
        before: int | None = None,
    ) -> Entries:
        """Rows, newest first; `before` the row of this id."""
        query = select(entries).order_by(entries.c.id.desc()).limit(limit)
        query = query.where(entries.c.path == path) if path else query
        query = query.where(entries.c.state == state) if state else query
        query = query.where(entries.c.folder == folder) if folder else query
        query = query.where(entries.c.id < before) if before is not None else query
        with self._database.reading() as connection:
            return Entries(items=tuple(_entry(row) for row in connection.execute(query)))

    def counts(self) -> dict[str, dict[str, int]]:
        """Number of entries by folder and state."""
        query = select(entries.c.folder, entries.c.state, func.count()).group_by(entries.c.folder, entries.c.state)
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for folder, state, number in connection.execute(query):
                found.setdefault(folder, {})[state] = number
        return found


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(
        id=row.id,
        folder=row.folder,
        path=row.path,
        generation=row.generation,
        size=row.size,
        sha256=row.sha256,
        modified_ns=row.mtime_ns,
        found_ns=row.found_ns,
        state=row.state,
        capture_id=row.capture_id,
        cause=row.cause,
    )
