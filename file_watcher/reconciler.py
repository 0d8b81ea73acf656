"""Brings the journal in line with a folder: events and scans only wake it, what counts is what the disk shows."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from file_watcher import metrics
from file_watcher.completion import Candidate, Fingerprint, Policy, Sighting, Touch, fingerprint_of
from file_watcher.existing import LOOKS, FirstLook, batches
from file_watcher.folder import Folder
from file_watcher.journal import OUTPUT, Finding, Journal, Look
from file_watcher.outputs import Outputs
from file_watcher.policies import policy_of
from file_watcher.progress import Progress
from file_watcher.waiting import FOR_EVER, Waiting
from file_watcher.walk import Walk
from labrelay.errors import LabrelayError
from labrelay.files import digest_file
from labrelay.pause import Paused, PauseFiles
from labrelay.room import Room

BATCH = 500
"""Findings in one transaction."""
TURN_S = 0.25
"""Seconds after which events and callers get their turn again; a file under way is finished first."""
MAX_BACKLOG = 100_000
"""Files in the backlog, about 0.6 KB of memory each; what a scan finds beyond them is taken up by a later one."""
TRY_AGAIN_S = 1.0
LOOK_S = 0.5
"""Seconds after which the end of a pause is noticed."""
MAX_TROUBLES = 20
MAX_WAITS = 5
Clock = Callable[[], float]


@dataclass
class Tally:
    """What a scan has met.

    Attributes:
        files: all that it saw.
        old: those that the journal doesn't know, that were there before the start, and that wait for no event.
        left: those that had no room, and `left_bytes` their bytes; a later scan takes them up.
        idle: those that had no room and wait for an event anyway.
    """

    files: int = 0
    old: int = 0
    left: int = 0
    left_bytes: int = 0
    idle: int = 0


class Reconciler:
    """One folder against the journal. Not thread-safe: its `Lookout`'s thread calls it, others read properties.

    Args:
        folder: the watched folder.
        journal: where findings go.
        outputs: tells labrelay's own outputs.
        clock: seconds that never go back.
        pauses: while one holds, no file's content is read.
        room: of the journal's disk; while it is full nothing is written down, and later scans find it.
    """

    def __init__(
        self,
        folder: Folder,
        journal: Journal,
        outputs: Outputs,
        clock: Clock = time.monotonic,
        pauses: PauseFiles | None = None,
        room: Room | None = None,
    ) -> None:
        self.folder = folder
        self.policy: Policy = policy_of(folder.rule, closes_are_heard=folder.closes_are_heard)
        self.ignored = 0
        self._journal = journal
        self._outputs = outputs if outputs.meets(folder.root) else None
        self._clock = clock
        self._pauses = pauses
        self._room = room
        self._started_ns = time.time_ns()
        self._waiting = Waiting()
        self._left = Tally()
        self._contents = 0
        self._progress: Progress | None = None
        self._troubles: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """Files that aren't finished yet, or that their turn hasn't come for."""
        return len(self._waiting) + self._left.left + self._left.idle

    @property
    def waits(self) -> tuple[str, ...]:
        """The first few that wait, and what for."""
        return tuple(f"{path}: {each.why}" for path, each in self._waiting.items()[:MAX_WAITS] if each.why)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What couldn't be read, and why."""
        told = tuple(f"{path}: {cause}" for path, cause in list(self._troubles.items())[:MAX_TROUBLES])
        return (self._room.look().words, *told) if self._room and self._room.full else told

    @property
    def progress(self) -> Progress | None:
        """How far the files are that the first scan since the start found; None before its end."""
        return self._progress

    @property
    def wants_scan(self) -> bool:
        """Whether a scan left files for the next one, and the backlog has room for them now."""
        return self._left.left > 0 and self._waiting.backlog < MAX_BACKLOG // 4

    def begin(self) -> None:
        """The first look ever, all of it."""
        deque(self.beginning(), maxlen=0)

    def beginning(self) -> Iterator[int]:
        """The first look ever, by and by: files that `existing` leaves out stay uncaptured until they change."""
        if not self._journal.has_begun(self.folder.name):
            yield from FirstLook(self.folder, self._journal).over(Walk(self.folder).files(), time.time_ns())

    def touched(self, path: str, touch: Touch) -> None:
        """An event named this path (below the root, forward slashes)."""
        if not self.folder.filter.admits(path) or self.folder.behind_link(path):
            return
        seen = fingerprint_of(self.folder.root / path)
        if seen is None or not self.folder.filter.large_enough(seen.size):
            self._waiting.drop(path)
            return
        before = self._waiting.get(path)
        full = len(self._waiting) >= 2 * MAX_BACKLOG
        if before is None and (full or not touch.certain):
            known = self._journal.fingerprint(self.folder.name, path) == seen
            if known and not touch.certain:
                return
            if full and not known:  # a scan finds it when there is room, e.g. after a long pause
                self._left.left = max(1, self._left.left)
                return
        self._waiting.put(path, self._judge(path, seen, before, touch), fresh=True)

    def marked(self, markers: Collection[str]) -> None:
        """These marker files (below the root) came or changed: look again at what waits for them."""
        for path, before in self._waiting.items():
            if self.folder.filter.marker_of(path) in markers:
                seen = fingerprint_of(self.folder.root / path)
                if self._still(path, seen) and seen is not None:
                    self._waiting.put(path, self._judge(path, seen, before))

    def scan(self, below: str = "") -> int:
        """Compare every file below a sub-folder with the journal; the number of files seen."""
        last = deque(self.scanning(below), maxlen=1)
        return last[0] if last else 0

    def scanning(self, below: str = "") -> Iterator[int]:
        """The same by and by, so that events get their turn meanwhile; yields the number of files seen so far."""
        walk, tally = Walk(self.folder, below), Tally()
        for looks in batches(walk.files(), LOOKS):
            tally.files += len(looks)
            self._compare(looks, tally, appeared=bool(below))
            yield tally.files
        if not below:
            self.ignored = walk.ignored
            self._troubles = dict(walk.unreadable)
            self._left = tally
            self._forget_gone()
            self._follow()
        elif tally.left:
            self._left.left += tally.left

    def _forget_gone(self) -> None:
        """What waits for a time is looked at when it comes; what waits for a marker would stay though it is gone."""
        for path in [path for path, each in self._waiting.items() if each.due == FOR_EVER]:
            if fingerprint_of(self.folder.root / path) is None:
                self._waiting.drop(path)

    def _compare(self, looks: Sequence[Look], tally: Tally, *, appeared: bool) -> None:
        for path, seen in self._journal.unlike(self.folder.name, looks):
            before = self._waiting.get(path)
            candidate = self._judge(path, seen, before)
            if before is None:
                fresh = appeared or seen.mtime_ns > self._started_ns
                self._add(path, candidate, tally, fresh=fresh)
            elif candidate is not before:
                self._waiting.put(path, candidate)

    def _add(self, path: str, candidate: Candidate, tally: Tally, *, fresh: bool) -> None:
        comes_due = candidate.due < FOR_EVER
        tally.old += comes_due and not fresh
        fresh = fresh and len(self._waiting) < 2 * MAX_BACKLOG
        if fresh or (self._waiting.backlog if comes_due else self._waiting.idle) < MAX_BACKLOG:
            self._waiting.put(path, candidate, fresh=fresh)
        elif comes_due:
            tally.left += 1
            tally.left_bytes += candidate.fingerprint.size
        else:
            tally.idle += 1

    def _judge(
        self, path: str, seen: Fingerprint, before: Candidate | None = None, touch: Touch | None = None
    ) -> Candidate:
        return self.policy.judge(Sighting(self.folder.root / path, seen, self._clock(), before, touch))

    def _follow(self) -> None:
        left, bytes_left = self._waiting.backlog + self._left.left, self._waiting.backlog_bytes + self._left.left_bytes
        progress = self._progress or Progress(self._left.files, self._left.old, bytes_left)
        self._progress = progress.after(left, bytes_left, self._contents)

    def next_due(self) -> float:
        """Seconds until a file may be finished; infinite when none waits."""
        due = max(0.0, self._waiting.next_due() - self._clock())
        return max(due, LOOK_S) if self._paused else due

    def settle(self) -> int:
        """Write down what is finished by now, for at most about `TURN_S`; the number of new contents."""
        ends, new = time.monotonic() + TURN_S, 0
        findings: list[Finding] = []
        try:
            for path in self._waiting.due(self._clock()):
                if self._paused:
                    break
                found = self._examine(path)
                findings += [found] if found else []
                if len(findings) == BATCH:
                    new += self._write_down(findings)
                    findings = []
                if time.monotonic() > ends:
                    break
            return new + self._write_down(findings)
        finally:
            self._waiting.give_back()

    @property
    def _paused(self) -> bool:
        full = self._room is not None and self._room.full
        return full or (self._pauses is not None and self._pauses.active)

    def _write_down(self, findings: list[Finding]) -> int:
        if not findings:
            return 0
        new = self._journal.record(self.folder.name, findings)
        for found in findings:
            self._waiting.drop(found.path)
        metrics.CONTENTS.labels(self.folder.name).inc(new)
        self._contents += new
        if self._progress is not None:
            self._follow()
        return new

    def _examine(self, path: str) -> Finding | None:
        """The finding, or None when the file has to wait on or is gone."""
        whole = self.folder.root / path
        seen = fingerprint_of(whole)
        if not self._still(path, seen) or seen is None:
            return None
        try:
            if self._outputs and self._outputs.concerns(whole) and self._outputs.names(whole):
                return Finding(path, seen, "", OUTPUT)
            if hindrance := self.policy.hindrance(whole):
                self._put_off(path, seen, hindrance)
                return None
            self.folder.pulse.beat(path, seen.size)
            sha256, size = digest_file(whole, self._pauses.check if self._pauses else None)
        except Paused:
            return None
        except (OSError, LabrelayError) as error:
            self._postpone(path, seen, str(error))
            return None
        self._troubles.pop(path, None)
        after = fingerprint_of(whole)
        return Finding(path, seen, sha256) if self._still(path, after) and size == seen.size else None

    def _still(self, path: str, seen: Fingerprint | None) -> bool:
        """Whether the file looks as it did; else it waits anew, or is forgotten when it is gone."""
        if seen is None or not self.folder.filter.large_enough(seen.size):
            self._waiting.drop(path)
            self._troubles.pop(path, None)
            return False
        before = self._waiting.get(path)
        if before is not None and seen == before.fingerprint:
            return True
        self._waiting.put(path, self._judge(path, seen, before))
        return False

    def _postpone(self, path: str, seen: Fingerprint, cause: str) -> None:
        self._troubles[path] = cause
        self._put_off(path, seen, cause)

    def _put_off(self, path: str, seen: Fingerprint, why: str) -> None:
        self._waiting.put(path, Candidate(seen, self._clock() + TRY_AGAIN_S, why=why))
