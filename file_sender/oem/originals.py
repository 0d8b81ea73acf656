"""Files on the instrument as retention sees them. None goes without the gateway's word that its own copy stands."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePath
from typing import Final

from file_sender.oem.deletions import Deletion, Deletions
from labrelay.contracts.base import Lenient
from labrelay.contracts.retention import Asked, Kind, Released, Terms, Verdict, Why
from labrelay.errors import Forbidden, RequestRefused
from labrelay.files import digest_file, fsync_folder, in_use, inside, temporary_beside
from labrelay.http import Client
from labrelay.pace import Pace
from labrelay.retention import Candidate, Decisions
from labrelay.settings import WatchedFolder
from labrelay.telemetry import logger

PAGE: Final = 500
_log = logger("file_sender.retention")


class _Entry(Lenient):
    """A row of the watcher's journal."""

    id: int
    path: str
    size: int
    sha256: str
    modified_ns: int
    found_ns: int
    capture_id: str | None


class Originals:
    """The files of one watched folder that the gateway has done with.

    Args:
        folder: with its rule.
        watcher: of this side; its journal knows the captures.
        decisions: the gateway's word.
        deletions: what is written down before a file is touched.
        pace: while it is paused, nothing is read or deleted.
    """

    def __init__(
        self, folder: WatchedFolder, watcher: Client, decisions: Decisions, deletions: Deletions, pace: Pace
    ) -> None:
        self.name = f"{Kind.ORIGINALS} in {folder.name}"
        self.folder = folder.path
        self.rule = folder.retention
        self._watched = folder
        self._watcher = watcher
        self._decisions = decisions
        self._deletions = deletions
        self._pace = pace
        self._entries: dict[str, _Entry] = {}

    def candidates(self) -> Iterator[Candidate]:
        """Every file that is still there as its newest capture was; without a rule none is looked at."""
        self._entries = {}
        if not self.rule.on:
            return
        entries = self._closed()
        while page := list(islice(entries, PAGE)):
            yield from self._judged(page)

    def remove(self, candidate: Candidate, actor: str) -> Why:
        """Ask, write down, set aside, read to the end, delete; why it stays after all.

        Raises:
            ServiceUnavailable: the gateway doesn't answer, or the instrument is paused; it stays.
        """
        self._pace.check()
        entry = self._entries[candidate.key]
        path = self._unchanged(entry)
        if path is None:
            return Why.CHANGED
        if in_use(path):
            return Why.IN_USE
        why = self._decisions.let_go(self._released(candidate, entry, actor))
        if why is Why.NOTHING:
            self._deletions.begin(
                Deletion(candidate.key, self._watched.name, entry.path, entry.sha256, self.rule.words)
            )
            why = self._delete(candidate.key, path, entry)
        return why

    def settle(self, deletion: Deletion) -> None:
        """After a crash: what was set aside stands again, and the gateway hears how it is.

        One that it refuses to hear of is written down as such, with a notice in log and status; the others go on.
        """
        path = inside(self.folder, deletion.path)
        aside = temporary_beside(path, deletion.capture_id)
        if aside.exists():
            _stand_again(aside, path)
        if not self.folder.is_dir():  # a share that is away says nothing of its files
            return
        deleted = not path.exists()
        try:
            self._end(deletion.capture_id, deleted=deleted)
        except RequestRefused as refused:
            if refused.retryable:
                raise
            self._put_aside(deletion, refused, deleted=deleted)

    def _put_aside(self, deletion: Deletion, refused: RequestRefused, *, deleted: bool) -> None:
        """A file that stands needs nobody's word; one that is gone keeps its row, which explains where it went."""
        told = {"folder": deletion.folder, "path": deletion.path, "capture": deletion.capture_id, "deleted": deleted}
        _log.warning("the gateway refuses to hear of a deletion", **told, cause=refused.cause)
        if deleted:
            self._deletions.refused(deletion.capture_id)
        else:
            self._deletions.end(deletion.capture_id, deleted=False)

    def _delete(self, capture_id: str, path: Path, entry: _Entry) -> Why:
        """Nobody sees the file while it is read, so what is deleted is what was read."""
        aside = temporary_beside(path, capture_id)
        try:
            path.rename(aside)
        except OSError:
            self._end(capture_id, deleted=False)
            return Why.IN_USE
        same = False
        try:
            before = aside.stat()
            sha256, _ = digest_file(aside, self._pace.check)
            same = sha256 == entry.sha256 and aside.stat().st_mtime_ns == before.st_mtime_ns
        finally:
            if not same:
                _stand_again(aside, path)
                self._end(capture_id, deleted=False)
        if same:
            aside.unlink()
            fsync_folder(path.parent)
            self._end(capture_id, deleted=True)
        return Why.NOTHING if same else Why.CHANGED

    def _end(self, capture_id: str, *, deleted: bool) -> None:
        self._decisions.ended(Kind.ORIGINALS, capture_id, deleted=deleted)
        self._deletions.end(capture_id, deleted=deleted)

    def _released(self, candidate: Candidate, entry: _Entry, actor: str) -> Released:
        return Released(
            kind=Kind.ORIGINALS,
            key=candidate.key,
            size=entry.size,
            sha256=entry.sha256,
            rule=self.rule.words,
            actor=actor,
            asked=self._asked(candidate.key),
        )

    def _asked(self, capture_id: str) -> Asked:
        terms = Terms(days=self.rule.days or 0.0, keep_unreviewed=self.rule.keep_unreviewed)
        return Asked(key=capture_id, terms=terms)

    def _judged(self, page: list[_Entry]) -> Iterator[Candidate]:
        now_ns = time.time_ns()
        for entry in page:
            if self.rule.is_young(entry.found_ns, now_ns) and self._unchanged(entry):
                yield Candidate(entry.capture_id or "", entry.size, entry.found_ns, Why.YOUNG)
        old = [entry for entry in page if not self.rule.is_young(entry.found_ns, now_ns)]
        there = {entry.capture_id: entry for entry in old if entry.capture_id and self._unchanged(entry)}
        self._entries |= there
        for verdict in self._verdicts([self._asked(each) for each in there]):
            yield Candidate(verdict.key, there[verdict.key].size, verdict.since_ns, verdict.why)

    def _verdicts(self, asked: Sequence[Asked]) -> tuple[Verdict, ...]:
        """A page of which the gateway refuses one (unknown there, or another instrument's) is asked by halves."""
        try:
            return self._decisions.judge(Kind.ORIGINALS, asked) if asked else ()
        except RequestRefused as refused:
            if refused.retryable:
                raise
            if len(asked) == 1:
                return (Verdict(key=asked[0].key, why=Why.REFUSED),)
        half = len(asked) // 2
        return self._verdicts(asked[:half]) + self._verdicts(asked[half:])

    def _closed(self) -> Iterator[_Entry]:
        """The journal's ended captures, each path's newest content alone."""
        seen: set[str] = set()
        before: int | None = None
        while True:
            query = {"folder": self._watched.name, "limit": 1000, **({"before": before} if before is not None else {})}
            items = [
                _Entry.model_validate(each) for each in self._watcher.get("/api/v2/journal", params=query)["items"]
            ]
            for entry in items:
                if entry.path not in seen:
                    seen.add(entry.path)
                    if entry.capture_id:
                        yield entry
            if len(items) < 1000:
                return
            before = items[-1].id

    def _unchanged(self, entry: _Entry) -> Path | None:
        """The file, if it is there and looks as it did when it was captured."""
        try:
            path = inside(self.folder, entry.path)
            seen = path.lstat()
        except (OSError, Forbidden):
            return None
        regular = path.is_file() and not path.is_symlink()
        return path if regular and (seen.st_size, seen.st_mtime_ns) == (entry.size, entry.modified_ns) else None


def _stand_again(aside: Path, path: Path) -> None:
    """Back to its name; where the instrument has written another file there, beside it: nothing is lost."""
    target = path
    if path.exists():
        target = path.with_name(f"{PurePath(path.name).stem}~{aside.name[1:9]}{path.suffix}")
    with contextlib.suppress(FileNotFoundError):
        aside.rename(target)
