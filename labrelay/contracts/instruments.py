"""Instruments as their gateway sees them: what their sides tell of the folders they watch, and how each one is."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from labrelay.contracts.base import Contract
from labrelay.contracts.captures import InstrumentId
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.words import N_

MOST_FOLDERS: Final = 64
MOST_TROUBLES: Final = 5
Told = Annotated[str, StringConstraints(max_length=500)]


class FolderThere(Contract):
    """A folder that an instrument's side watches.

    Attributes:
        unreachable: why it can't be looked at, else empty.
        troubles: the first few files in it that can't be read, with the reason.
        waiting: files in it that aren't finished yet.
    """

    name: Annotated[str, StringConstraints(max_length=64)]
    path: Annotated[str, StringConstraints(max_length=4096)]
    unreachable: Told = ""
    troubles: Annotated[tuple[Told, ...], Field(max_length=MOST_TROUBLES)] = ()
    waiting: Annotated[int, Field(ge=0)] = 0


class WatchingThere(Contract):
    """An instrument's side tells its gateway what it watches, when that changes and now and then.

    Attributes:
        trouble: why its watcher halts, else empty.
    """

    instrument: InstrumentId
    folders: Annotated[tuple[FolderThere, ...], Field(max_length=MOST_FOLDERS)]
    trouble: Told = ""


class Condition(StrEnum):
    """How an instrument is, told apart by what a person must do about it."""

    WELL = "well"
    RESTING = "resting"
    PAUSED = "paused"
    DRAINING = "draining"
    UNKNOWN = "unknown"
    PUSHED = "pushed"
    SIDE_SILENT = "side_silent"
    UNREACHABLE = "share_unreachable"
    UNREADABLE = "unreadable"
    UNMATCHED = "unmatched"
    SILENT = "instrument_silent"


SENTENCES: Final[dict[Condition, str]] = {
    Condition.WELL: N_("All is well: its PC is heard, and files come as expected."),
    Condition.RESTING: N_("Its PC is heard. No file has come for a while, and no alarm is set for that."),
    Condition.PAUSED: N_("Paused: its PC reads and writes no file contents. Nothing is lost."),
    Condition.DRAINING: N_("Being drained: what has come is finished, nothing new is taken."),
    Condition.UNKNOWN: N_("The gateway started a moment ago and has not heard its PC yet."),
    Condition.PUSHED: N_("Its files are brought by a program or a person; no PC watches folders for it."),
    Condition.SIDE_SILENT: N_("Its PC is not heard: labrelay there has stopped, or the network between is cut."),
    Condition.UNREACHABLE: N_("Its PC is heard, but a folder can't be reached: {told}"),
    Condition.UNREADABLE: N_("Files come, but the newest can't be read: {told}"),
    Condition.UNMATCHED: N_("Files come, but no task takes the newest ones."),
    Condition.SILENT: N_("Its PC is heard and the folder is watched, but no new file comes."),
}
NEXT_STEPS: Final[dict[Condition, str]] = {
    Condition.SIDE_SILENT: N_("See that this PC is on and connected, then run `labrelay doctor` on it."),
    Condition.UNREACHABLE: N_("See that the share is connected on this PC and that its user may read it."),
    Condition.UNREADABLE: N_("Open one of these files on the instrument; its save may be cut short."),
    Condition.UNMATCHED: N_("Make a task that takes them, or change the one that should."),
    Condition.SILENT: N_("Look at the instrument: has its run ended, or does it show a message?"),
}
NEEDING: Final = frozenset(NEXT_STEPS)
"""Conditions that need somebody."""


class LastFile(Contract):
    """The newest file of an instrument; `at_ns` is when the gateway heard of it."""

    folder: str
    path: str
    at_ns: int
    jobs: tuple[str, ...] = ()


class InstrumentReport(Contract):
    """One instrument.

    Attributes:
        told: what its side or the file said, for `cause`.
        cause: the condition in words; next_step: what to do, empty where nothing is.
        folders: what its side watches; None until it has said so since the gateway started.
        heard_s: seconds since its side called; None when it hasn't since the gateway started.
        expected_s: how often a file is expected at least, seconds; None when nobody knows.
        learned_s: the same as learned from the last files.
        silent_s: seconds of working time without a file; None before the first.
        live: images that are on their way.
    """

    instrument: InstrumentId
    condition: Condition
    told: str = ""
    cause: str
    next_step: str = ""
    paused: Pauses = Pauses()
    draining: Pause | None = None
    folders: tuple[FolderThere, ...] | None = None
    heard_s: float | None = None
    version: str = ""
    held_since_ns: int | None = None
    turned_away: int = 0
    last: LastFile | None = None
    expected_s: float | None = None
    learned_s: float | None = None
    silent_s: float | None = None
    live: int = 0
    jobs: int = 0


class InstrumentReports(Contract):
    """All instruments that the gateway knows, by name."""

    items: tuple[InstrumentReport, ...]
