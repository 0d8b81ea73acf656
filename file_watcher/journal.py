"""The memory of what was found: each finished content of a path is a row of its own, written before anybody hears."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.sqlite import insert

from file_watcher.completion import Fingerprint
from file_watcher.database import Database, entries, fingerprints, meta

CAPTURED = "captured"
EXISTING = "existing"
OUTPUT = "output"


@dataclass(frozen=True)
class Finding:
    """A finished file: its fingerprint, and the hex SHA-256 that was read under it (empty for `output`)."""

    path: str
    fingerprint: Fingerprint
    sha256: str
    kind: str = CAPTURED


class Journal:
    """What was found in the watched folders.

    Args:
        database: the journal's file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, folder: str, findings: Sequence[Finding]) -> int:
        """Write findings down, all or none; the number of new contents.

        A content is new when its digest differs from that path's previous one.
        """
        with self._database.writing() as connection:
            new = [found for found in findings if found.kind == CAPTURED and _add_content(connection, folder, found)]
            _remember(connection, folder, findings)
        return len(new)

    def fingerprint(self, folder: str, path: str) -> Fingerprint | None:
        """What a path looked like when it was last dealt with."""
        query = select(fingerprints).where(fingerprints.c.folder == folder, fingerprints.c.path == path)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _fingerprint(row) if row else None

    def fingerprints(self, folder: str, below: str = "") -> dict[str, Fingerprint]:
        """All paths of a folder, or of a sub-folder of it, with their fingerprints."""
        query = select(fingerprints).where(fingerprints.c.folder == folder)
        if below:
            query = query.where(fingerprints.c.path.startswith(f"{below}/", autoescape=True))
        with self._database.reading() as connection:
            return {row.path: _fingerprint(row) for row in connection.execute(query)}

    def has_begun(self, folder: str) -> bool:
        """Whether the folder was looked at before."""
        with self._database.reading() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == _begun(folder))).first() is not None

    def begin(self, folder: str, existing: Iterable[tuple[str, Fingerprint]]) -> None:
        """The first look at a folder: `existing` files are known from now on without being captured."""
        known = [Finding(path, seen, "", EXISTING) for path, seen in existing]
        with self._database.writing() as connection:
            _remember(connection, folder, known)
            connection.execute(insert(meta).values(key=_begun(folder), value=1).on_conflict_do_nothing())


def _begun(folder: str) -> str:
    return f"begun:{folder}"


def _fingerprint(row: Row[tuple[object, ...]]) -> Fingerprint:
    return Fingerprint(row.size, row.mtime_ns, row.file_id)


def _add_content(connection: Connection, folder: str, found: Finding) -> bool:
    query = (
        select(entries.c.generation, entries.c.sha256)
        .where(entries.c.folder == folder, entries.c.path == found.path)
        .order_by(entries.c.generation.desc())
        .limit(1)
    )
    last = connection.execute(query).one_or_none()
    if last is not None and last.sha256 == found.sha256:
        return False
    connection.execute(
        insert(entries).values(
            folder=folder,
            path=found.path,
            generation=last.generation + 1 if last else 1,
            sha256=found.sha256,
            found_ns=time.time_ns(),
            state="pending",
            **_columns(found.fingerprint),
        )
    )
    return True


def _remember(connection: Connection, folder: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    statement = insert(fingerprints)
    fresh = {name: statement.excluded[name] for name in ("size", "mtime_ns", "file_id", "kind")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["folder", "path"], set_=fresh),
        [{"folder": folder, "path": f.path, "kind": f.kind, **_columns(f.fingerprint)} for f in findings],
    )


def _columns(seen: Fingerprint) -> dict[str, int | str]:
    return {"size": seen.size, "mtime_ns": seen.mtime_ns, "file_id": seen.file_id}
