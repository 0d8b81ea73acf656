"""The memory of what was found: each finished content of a path is a row of its own, written before anybody hears."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from file_watcher.completion import Fingerprint
from file_watcher.database import Database, entries, fingerprints, meta

CAPTURED = "captured"
EXISTING = "existing"
OUTPUT = "output"
Look = tuple[str, Fingerprint]
"""A path below the folder, and what was seen there."""


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
            new = _new_contents(connection, folder, [found for found in findings if found.kind == CAPTURED])
            if new:
                connection.execute(insert(entries), new)
            _remember(connection, folder, findings)
        return len(new)

    def fingerprint(self, folder: str, path: str) -> Fingerprint | None:
        """What a path looked like when it was last dealt with."""
        with self._database.reading() as connection:
            return _known(connection, folder, [path]).get(path)

    def unlike(self, folder: str, looks: Sequence[Look]) -> list[Look]:
        """Those that the journal doesn't know, or knows looking otherwise."""
        with self._database.reading() as connection:
            known = _known(connection, folder, [path for path, _ in looks])
        return [(path, seen) for path, seen in looks if known.get(path) != seen]

    def has_begun(self, folder: str) -> bool:
        """Whether the first look at the folder came to its end."""
        with self._database.reading() as connection:
            return _meta(connection, _BEGUN, folder) is not None

    def begin(self, folder: str, now_ns: int) -> int | None:
        """The first look at a folder begins; the time of an earlier one that was interrupted, else None."""
        with self._database.writing() as connection:
            earlier = _meta(connection, _BEGINNING, folder)
            _note(connection, _BEGINNING, folder, now_ns)
        return earlier

    def know(self, folder: str, existing: Sequence[Look]) -> None:
        """These files are known without being captured, unless they are known already."""
        rows = _rows(folder, [Finding(path, seen, "", EXISTING) for path, seen in existing])
        if rows:
            with self._database.writing() as connection:
                connection.execute(insert(fingerprints).on_conflict_do_nothing(), rows)

    def begin_anew(self, folder: str) -> None:
        """The first look saw another folder, in which there was nothing: it has yet to come.

        Its beginning is kept, so that what came since then isn't taken for old: a share's numbers may be new each time.
        """
        with self._database.writing() as connection:
            connection.execute(delete(meta).where(meta.c.key == f"{_BEGUN}:{folder}"))

    def begun(self, folder: str) -> None:
        """The first look came to its end."""
        with self._database.writing() as connection:
            _note(connection, _BEGUN, folder, 1)


_BEGINNING = "beginning"
_BEGUN = "begun"


def _meta(connection: Connection, word: str, folder: str) -> int | None:
    query = select(meta.c.value).where(meta.c.key == f"{word}:{folder}")
    return connection.execute(query).scalar_one_or_none()


def _note(connection: Connection, word: str, folder: str, value: int) -> None:
    connection.execute(insert(meta).values(key=f"{word}:{folder}", value=value).on_conflict_do_nothing())


def _known(connection: Connection, folder: str, paths: Sequence[str]) -> dict[str, Fingerprint]:
    columns = (fingerprints.c.path, fingerprints.c.size, fingerprints.c.mtime_ns, fingerprints.c.file_id)
    query = select(*columns).where(fingerprints.c.folder == folder, fingerprints.c.path.in_(paths))
    return {path: Fingerprint(size, mtime_ns, file_id) for path, size, mtime_ns, file_id in connection.execute(query)}


def _new_contents(connection: Connection, folder: str, findings: Sequence[Finding]) -> list[dict[str, object]]:
    last = _last_contents(connection, folder, [found.path for found in findings])
    rows: list[dict[str, object]] = []
    for found in findings:
        generation, sha256 = last.get(found.path, (0, ""))
        if found.sha256 != sha256:
            last[found.path] = (generation + 1, found.sha256)
            rows.append(_entry(folder, found, generation + 1))
    return rows


def _last_contents(connection: Connection, folder: str, paths: Sequence[str]) -> dict[str, tuple[int, str]]:
    # SQLite takes a column that isn't grouped from the row that holds the maximum.
    query = (
        select(entries.c.path, func.max(entries.c.generation), entries.c.sha256)
        .where(entries.c.folder == folder, entries.c.path.in_(paths))
        .group_by(entries.c.path)
    )
    return {path: (generation, sha256) for path, generation, sha256 in connection.execute(query)}


def _entry(folder: str, found: Finding, generation: int) -> dict[str, object]:
    content = {"folder": folder, "path": found.path, "generation": generation, "sha256": found.sha256}
    return {**content, **_columns(found.fingerprint), "found_ns": time.time_ns(), "state": "pending"}


def _remember(connection: Connection, folder: str, findings: Sequence[Finding]) -> None:
    statement = insert(fingerprints)
    fresh = {name: statement.excluded[name] for name in ("size", "mtime_ns", "file_id", "kind")}
    upsert = statement.on_conflict_do_update(index_elements=["folder", "path"], set_=fresh)
    if findings:
        connection.execute(upsert, _rows(folder, findings))


def _rows(folder: str, findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [{"folder": folder, "path": f.path, "kind": f.kind, **_columns(f.fingerprint)} for f in findings]


def _columns(seen: Fingerprint) -> dict[str, object]:
    return {"size": seen.size, "mtime_ns": seen.mtime_ns, "file_id": seen.file_id}
