"""When is a file finished? One policy for each answer that an instrument can give."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from file_watcher.companion import Companion
from file_watcher.completion import Candidate, Policy, Sighting, fingerprint_of
from labrelay.files.opening import in_use
from labrelay.settings.model import WatchedFolder

PATIENCE: Final = 30
"""So many times `stable_s` a file whose writer was heard, but not its close, must rest until it counts as finished."""
NEVER: Final = float("inf")


class Stable:
    """Finished is what nobody changes for a time and, where the system tells, nobody holds open.

    Args:
        rule: the folder's settings.
    """

    name = "stable"

    def __init__(self, rule: WatchedFolder) -> None:
        self._rest_s = rule.stable_s

    def judge(self, sighting: Sighting) -> Candidate:
        """An event starts the time anew even where size and time look the same: clocks of disks are coarse."""
        if sighting.touch is None and sighting.same is not None:
            return sighting.same
        return Candidate(sighting.seen, sighting.now + self._rest_s, why=f"must stay unchanged for {self._rest_s:g} s")

    def hindrance(self, path: Path) -> str:
        """Only Windows tells of an open file."""
        return "is open in another program" if in_use(path) else ""


class CloseWrite:
    """A close vouches for what was seen right after it; without one, as `stable`.

    A writer that was heard and pauses isn't finished: its close is waited for, though not for ever, as it may be lost.

    Args:
        rule: the folder's settings.
    """

    name = "close_write"

    def __init__(self, rule: WatchedFolder) -> None:
        self._patience_s = rule.stable_s * PATIENCE
        self._unheard: Policy = Stable(rule)

    def judge(self, sighting: Sighting) -> Candidate:
        """The candidate."""
        heard = sighting.touch
        if sighting.same is not None and (heard is None or (sighting.same.vouched and not heard.writing)):
            return sighting.same
        if heard is not None and heard.vouched == sighting.seen:
            return Candidate(sighting.seen, sighting.now, vouched=True)
        if _writing(sighting):
            return Candidate(
                sighting.seen, sighting.now + self._patience_s, writing=True, why="its writer hasn't closed it yet"
            )
        return self._unheard.judge(sighting)

    def hindrance(self, path: Path) -> str:
        """As `stable`: where closes are heard it never hinders."""
        return self._unheard.hindrance(path)


def _writing(sighting: Sighting) -> bool:
    if sighting.touch is not None:
        return sighting.touch.writing
    return sighting.before is not None and sighting.before.writing


class Rename(CloseWrite):
    """A file gets its final name when it is whole; one that is heard being written under it is waited for all the same.

    Args:
        rule: the folder's settings; its `unfinished` names never come here.
    """

    name = "rename"

    def __init__(self, rule: WatchedFolder) -> None:
        super().__init__(rule)
        self._unheard = _Whole()


class _Whole:
    name = "whole"

    def judge(self, sighting: Sighting) -> Candidate:
        return Candidate(sighting.seen, sighting.now, vouched=True)

    def hindrance(self, _: Path) -> str:
        return ""


class Marker:
    """A companion file vouches for all that isn't newer than it, whichever of the two came first.

    Args:
        rule: the folder's settings.
    """

    name = "marker"

    def __init__(self, rule: WatchedFolder) -> None:
        self._companion = Companion(rule.marker)

    def judge(self, sighting: Sighting) -> Candidate:
        """A file that was rewritten needs its marker anew; equal times count, as some disks tell only seconds."""
        if sighting.same is not None and sighting.same.vouched:
            return sighting.same
        marker = sighting.path.with_name(self._companion.beside(sighting.path.name))
        there = fingerprint_of(marker)
        if there is None:
            return Candidate(sighting.seen, NEVER, why=f"waits for its marker {marker.name}")
        if there.mtime_ns < sighting.seen.mtime_ns:
            return Candidate(sighting.seen, NEVER, why=f"waits for its marker {marker.name}: the one there is older")
        return Candidate(sighting.seen, sighting.now, vouched=True)

    def hindrance(self, _: Path) -> str:
        """Whoever sets a marker has finished."""
        return ""


class Aged:
    """Another policy, and a least age above it.

    The age is that of the file's own time, but nobody waits longer than the least age: a share's clock may be ahead.

    Args:
        policy: what else must be fulfilled.
        min_age_s: seconds since the file's last change.
        wall_ns: the clock that files are stamped with, nanoseconds.
    """

    def __init__(self, policy: Policy, min_age_s: float, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self.name = policy.name
        self._policy = policy
        self._min_age_s = min_age_s
        self._wall_ns = wall_ns

    def judge(self, sighting: Sighting) -> Candidate:
        """The other policy's candidate, later where the file is too young."""
        judged = self._policy.judge(sighting)
        age_s = max(0.0, (self._wall_ns() - sighting.seen.mtime_ns) / 1e9)
        old_enough = sighting.now + self._min_age_s - age_s
        if sighting.same == judged or judged.due >= old_enough:
            return judged
        return replace(judged, due=old_enough, why=f"must be {self._min_age_s:g} s old")

    def hindrance(self, path: Path) -> str:
        """The other policy's."""
        return self._policy.hindrance(path)


_POLICIES: Final[dict[str, Callable[[WatchedFolder], Policy]]] = {
    each.name: each for each in (Stable, CloseWrite, Marker, Rename)
}


def policy_of(rule: WatchedFolder, *, closes_are_heard: bool) -> Policy:
    """The folder's policy; `auto` is `close_write` where closes are heard, else `stable`."""
    default = CloseWrite.name if closes_are_heard else Stable.name
    policy = _POLICIES[default if rule.completion == "auto" else rule.completion](rule)
    return Aged(policy, rule.min_age_s) if rule.min_age_s else policy
