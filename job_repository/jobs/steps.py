"""Steps that only the repository itself takes; services and people ask for them through routes of their own."""

from typing import Literal

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.jobs import Failure, SealedOutput, SetMember, Source
from labrelay.contracts.plates import PlateFinished
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.contracts.transitions import AnyStep, Step


class OwnStep(Step):
    """A step without a fence: the repository takes it on what it has just read."""

    epoch: int = 0


class StoreInput(OwnStep):
    """awaiting_input → ready, or gathering where the task waits for a set; in any later stage it says nothing new."""

    step: Literal["input_stored"] = "input_stored"


class LoseInput(OwnStep):
    """awaiting_input → failed: the OEM side can't send the bytes."""

    step: Literal["input_lost"] = "input_lost"
    failure: Failure


class Supersede(OwnStep):
    """awaiting_input → superseded; a job that has its bytes runs on and is only linked.

    Attributes:
        by: the successor's capture, None while it isn't announced yet.
    """

    step: Literal["supersede"] = "supersede"
    by: str | None = None
    cause: str = ""


class EditJob(OwnStep):
    """Change what a person may change in any stage; None leaves a value as it is."""

    step: Literal["edit"] = "edit"
    verification: int | None = None
    attributes: Attributes | None = None


class Reprocess(OwnStep):
    """A final job begins again with today's task."""

    step: Literal["reprocess"] = "reprocess"
    task: FrozenTask
    reason: str = ""
    action: str = ""


class Created(OwnStep):
    """First event of a job; `notes` tell which tasks could not be evaluated."""

    step: Literal["created"] = "created"
    notes: tuple[str, ...] = ()


class Restored(OwnStep):
    """The job came back from the record under a new epoch."""

    step: Literal["restored"] = "restored"


class GatherSet(OwnStep):
    """gathering → ready: the set is whole, and this job, its lead, works for all of it."""

    step: Literal["gather"] = "gather"
    members: tuple[SetMember, ...]


class JoinSet(OwnStep):
    """gathering → joined: another job works for the set."""

    step: Literal["join"] = "join"
    lead: str


class GiveWay(OwnStep):
    """gathering → superseded: another capture with the same value counts in the set.

    Attributes:
        by: that capture.
    """

    step: Literal["give_way"] = "give_way"
    by: str
    cause: str


class FollowLead(OwnStep):
    """joined → complete, failed or cancelled, as its lead ended.

    Attributes:
        results: what a completed member shows as its result.
    """

    step: Literal["follow"] = "follow"
    lead: str
    to: Stage
    failure: Failure | None = None
    results: str = ""


class RejoinSet(OwnStep):
    """The member's old end → joined: its lead goes on with the set as it was."""

    step: Literal["rejoin"] = "rejoin"
    lead: str


class LeaveSet(OwnStep):
    """joined, or the member's old end → gathering (awaiting_input without bytes): the set is made anew."""

    step: Literal["leave"] = "leave"
    lead: str


class FinishPlate(OwnStep):
    """A plate's table has a new edition, which takes the place of the one before wherever that is.

    Attributes:
        outputs: the tables, which lie in the store already.
        source: what they were made of.
    """

    step: Literal["plate_finished"] = "plate_finished"
    finished: PlateFinished
    source: Source
    task: FrozenTask
    outputs: tuple[SealedOutput, ...]


SetStep = GatherSet | JoinSet | GiveWay | FollowLead | RejoinSet | LeaveSet
TakenStep = AnyStep | SetStep | StoreInput | LoseInput | Supersede | EditJob | Reprocess | FinishPlate
