"""Brings the journal in line with a folder: events and scans only wake it, what counts is what the disk shows."""

import time
from collections.abc import Callable

from file_watcher import metrics
from file_watcher.completion import Candidate, Fingerprint, Touch, after_event, after_look, fingerprint_of
from file_watcher.folder import Folder
from file_watcher.journal import OUTPUT, Finding, Journal
from file_watcher.outputs import Outputs
from file_watcher.walk import Walk
from labrelay.errors import LabrelayError
from labrelay.files import digest_file

BATCH = 64
"""Findings in one transaction."""
TURN_S = 0.5
"""Seconds after which events and callers get their turn again; a file under way is finished first."""
TRY_AGAIN_S = 1.0
MAX_TROUBLES = 20
Clock = Callable[[], float]


class Reconciler:
    """One folder against the journal. Not thread-safe: the watcher calls it under its lock.

    Args:
        folder: the watched folder.
        journal: where findings go.
        outputs: tells labrelay's own outputs.
        clock: seconds that never go back.
    """

    def __init__(self, folder: Folder, journal: Journal, outputs: Outputs, clock: Clock = time.monotonic) -> None:
        self.folder = folder
        self.ignored = 0
        self._journal = journal
        self._outputs = outputs
        self._clock = clock
        self._waiting: dict[str, Candidate] = {}
        self._troubles: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """Files that aren't finished yet."""
        return len(self._waiting)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What couldn't be read, and why."""
        return tuple(f"{path}: {cause}" for path, cause in list(self._troubles.items())[:MAX_TROUBLES])

    def begin(self) -> None:
        """The first look ever: with `existing = ignore`, what is there already stays uncaptured until it changes."""
        if self._journal.has_begun(self.folder.name):
            return
        ignored = self.folder.rule.existing == "ignore"
        self._journal.begin(self.folder.name, Walk(self.folder).files() if ignored else ())

    def touched(self, path: str, touch: Touch) -> None:
        """An event named this path (below the root, forward slashes)."""
        if not self.folder.filter.admits(path) or self.folder.behind_link(path):
            return
        seen = fingerprint_of(self.folder.root / path)
        if seen is None:
            self._waiting.pop(path, None)
            return
        before = self._waiting.get(path)
        if before is None and not touch.certain and self._journal.fingerprint(self.folder.name, path) == seen:
            return
        self._waiting[path] = after_event(self.folder.rule, seen, touch, before, self._clock())

    def scan(self, below: str = "") -> int:
        """Compare every file below a sub-folder with the journal; the number of files seen."""
        known = self._journal.fingerprints(self.folder.name, below)
        walk, count, now = Walk(self.folder, below), 0, self._clock()
        for path, seen in walk.files():
            count += 1
            if path in self._waiting or known.get(path) != seen:
                self._waiting[path] = after_look(self.folder.rule, seen, self._waiting.get(path), now)
        if not below:
            self.ignored = walk.ignored
            self._troubles = dict(walk.unreadable)
        return count

    def next_due(self) -> float:
        """Seconds until a file may be finished; infinite when none waits."""
        return max(0.0, min((each.due for each in self._waiting.values()), default=float("inf")) - self._clock())

    def settle(self) -> int:
        """Write down what is finished by now, for at most about `TURN_S`; the number of new contents."""
        now, ends = self._clock(), time.monotonic() + TURN_S
        findings: list[Finding] = []
        new = 0
        for path in [path for path, each in self._waiting.items() if each.due <= now]:
            found = self._examine(path)
            findings += [found] if found else []
            if len(findings) == BATCH:
                new += self._write_down(findings)
                findings = []
            if time.monotonic() > ends:
                break
        return new + self._write_down(findings)

    def _write_down(self, findings: list[Finding]) -> int:
        if not findings:
            return 0
        new = self._journal.record(self.folder.name, findings)
        for found in findings:
            self._waiting.pop(found.path, None)
        metrics.CONTENTS.labels(self.folder.name).inc(new)
        return new

    def _examine(self, path: str) -> Finding | None:
        """The finding, or None when the file has to wait on or is gone."""
        whole = self.folder.root / path
        seen = fingerprint_of(whole)
        if not self._still(path, seen) or seen is None:
            return None
        try:
            if self._outputs.concerns(whole) and self._outputs.names(whole):
                return Finding(path, seen, "", OUTPUT)
            sha256, size = digest_file(whole)
        except (OSError, LabrelayError) as error:
            self._postpone(path, seen, error)
            return None
        self._troubles.pop(path, None)
        after = fingerprint_of(whole)
        return Finding(path, seen, sha256) if self._still(path, after) and size == seen.size else None

    def _still(self, path: str, seen: Fingerprint | None) -> bool:
        """Whether the file looks as it did; else it waits anew, or is forgotten when it is gone."""
        if seen is None:
            self._waiting.pop(path, None)
            self._troubles.pop(path, None)
            return False
        if seen == self._waiting[path].fingerprint:
            return True
        self._waiting[path] = after_look(self.folder.rule, seen, self._waiting[path], self._clock())
        return False

    def _postpone(self, path: str, seen: Fingerprint, error: OSError | LabrelayError) -> None:
        self._troubles[path] = str(error)
        self._waiting[path] = Candidate(seen, self._clock() + TRY_AGAIN_S)
