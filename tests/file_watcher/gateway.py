"""A gateway as the journal meets it: takes announcements by the repository's rules, and forgets nothing."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import RowMapping, event

from file_watcher.acceptance import Acceptances
from file_watcher.bodies import Acceptance, Ended, Resync
from file_watcher.database import Database


@dataclass(frozen=True)
class Taken:
    """A capture: its predecessor, digest, and the file's time."""

    capture_id: str
    predecessor: str | None
    sha256: str
    modified_ns: int


@dataclass
class Gateway:
    """Every path's captures, oldest first."""

    captures: dict[str, list[Taken]] = field(default_factory=dict)
    epoch: int = 1

    def digests(self) -> dict[str, list[str]]:
        return {path: [each.sha256 for each in captures] for path, captures in self.captures.items()}

    def hear(self, journal: Acceptances) -> None:
        """Let everything that the journal holds be announced."""
        journal.end(Ended(epoch=self.epoch, next=0))
        for _ in range(1000):
            if not (rows := journal.pending(["input"], 1000)):
                return
            for row in rows:
                self._announced(journal, row)
        raise AssertionError("the journal and the gateway don't come to an end")

    def restored(self) -> None:
        """It lost what it had not put on record, or was set up from a backup: a new epoch."""
        self.epoch += 1

    def _announced(self, journal: Acceptances, row: RowMapping) -> None:
        predecessor = row["predecessor"] if row["resynced"] else row["forerunner"]
        captures = self.captures.setdefault(row["path"], [])
        last = captures[-1] if captures else None
        capture = self._repeated(captures, predecessor, row)
        if capture is None and (last.capture_id if last else None) != predecessor:
            told = Resync(id=row["id"], last_capture_id=last and last.capture_id, last_sha256=last and last.sha256)
            journal.resync(told)
            return
        if capture is None and last is not None and last.sha256 == row["sha256"]:
            capture = last
        if capture is None:
            capture = Taken(str(uuid4()), predecessor, row["sha256"], row["mtime_ns"])
            captures.append(capture)
        journal.accept([Acceptance(id=row["id"], capture_id=capture.capture_id, epoch=self.epoch)])

    def _repeated(self, captures: list[Taken], predecessor: str | None, row: RowMapping) -> Taken | None:
        for each in reversed(captures):
            if (each.predecessor, each.sha256) == (predecessor, row["sha256"]):
                return each if each is captures[-1] or each.modified_ns == row["mtime_ns"] else None
        return None


@dataclass
class History:
    """What an observer with all the time in the world saw: each path's finished contents, without repeats."""

    contents: dict[str, list[bytes]] = field(default_factory=dict)

    def saw(self, path: str, content: bytes) -> None:
        history = self.contents.setdefault(path, [])
        if history[-1:] != [content]:
            history.append(content)

    def digests(self) -> dict[str, list[str]]:
        return {path: list(_digests(contents)) for path, contents in self.contents.items()}


def _digests(contents: Iterable[bytes]) -> Iterable[str]:
    return (hashlib.sha256(content).hexdigest() for content in contents)


def hurry(database: Database) -> None:
    """Don't wait for the disk at every commit: these tests pull no plug."""
    event.listen(database._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
