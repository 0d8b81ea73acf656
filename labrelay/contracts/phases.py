"""The way of one job from the file's detection to the receipt: how long each part took, and what it waited for."""

from enum import StrEnum

from labrelay.contracts.base import Contract


class PhaseName(StrEnum):
    """A part of a job's way."""

    DETECTION = "detection"
    TRANSFER = "transfer"
    GATHERING = "gathering"
    QUEUE = "queue"
    WITH_SET = "with_set"
    WORK = "work"
    SEALING = "sealing"
    RETURN = "return"
    RECEIPT = "receipt"


class Paused(Contract):
    """A pause of the instrument during a phase, as the audit has it.

    Attributes:
        place: where it was paused, `gateway` or `instrument`.
        until_ns: None while it holds.
    """

    by: str
    reason: str
    place: str
    since_ns: int
    until_ns: int | None


class Phase(Contract):
    """One phase. What the record can't know is left out.

    Attributes:
        began_ns: wall clock of the gateway; of a detection the instrument's own clock: when the file was last written.
        ended_ns: None while it lasts.
        ended_by: the step that ended it, empty while it lasts.
        typical_ns: the median of the jobs that it is compared with; None where there are too few.
        ahead: of a queue: jobs of the same pipeline that were begun meanwhile, or that stand before it now.
        more_ahead: there are more than `ahead` says.
        pauses: those of the instrument that overlap with it, where it needs the instrument.
        told: why it took longer than it should, as it was told then.
    """

    phase: PhaseName
    attempt: int
    began_ns: int
    ended_ns: int | None
    ended_by: str = ""
    typical_ns: int | None = None
    ahead: int | None = None
    more_ahead: bool = False
    pauses: tuple[Paused, ...] = ()
    told: tuple[str, ...] = ()


class JobPhases(Contract):
    """Answer of `GET /api/v2/jobs/{id}/phases`, in the order in which they began.

    Attributes:
        compared: completed jobs of the same task (of the same plate, where it has one) that `typical_ns` comes from.
    """

    items: tuple[Phase, ...]
    compared: int
