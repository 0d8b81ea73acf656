"""The few states that a person sees, and plain words for each of the finer stages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from labrelay.contracts.states import Stage
from labrelay.words import N_, _


class State(StrEnum):
    """A group of stages that mean the same to a person."""

    WAITING = "waiting"
    WORKING = "working"
    RETURNING = "returning"
    DONE = "done"
    FAILED = "failed"
    UNMATCHED = "unmatched"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Look:
    """How a state appears: a title, a letter (colour alone tells nothing), and the stages behind it."""

    title: str
    letter: str
    stages: tuple[Stage, ...]


LOOKS: Final[dict[State, Look]] = {
    State.FAILED: Look(N_("Failed"), "!", (Stage.FAILED,)),
    State.WAITING: Look(N_("Waiting"), "W", (Stage.AWAITING_INPUT, Stage.GATHERING, Stage.READY, Stage.LAUNCHED)),
    State.WORKING: Look(N_("In work"), "R", (Stage.JOINED, Stage.PROCESSING, Stage.REPORTED, Stage.SEALING)),
    State.RETURNING: Look(N_("Going back"), "B", (Stage.RETURNING, Stage.RECEIVING)),
    State.DONE: Look(N_("Done"), "D", (Stage.COMPLETE,)),
    State.UNMATCHED: Look(N_("No task"), "N", (Stage.UNMATCHED,)),
    State.WITHDRAWN: Look(N_("Withdrawn"), "X", (Stage.CANCELLED, Stage.SUPERSEDED)),
}

STATE_OF: Final[dict[Stage, State]] = {stage: state for state, look in LOOKS.items() for stage in look.stages}

WORDS: Final[dict[Stage, str]] = {
    Stage.AWAITING_INPUT: N_("Waits for the file's bytes"),
    Stage.GATHERING: N_("Waits for the other files of its set"),
    Stage.JOINED: N_("Being analysed with its set"),
    Stage.READY: N_("Waits in line"),
    Stage.LAUNCHED: N_("Waits for a free pipeline"),
    Stage.PROCESSING: N_("Being analysed"),
    Stage.REPORTED: N_("Results are in"),
    Stage.SEALING: N_("Results being sealed"),
    Stage.RETURNING: N_("Waits for the instrument"),
    Stage.RECEIVING: N_("Going back to the instrument"),
    Stage.COMPLETE: N_("Done"),
    Stage.FAILED: N_("Failed"),
    Stage.UNMATCHED: N_("No task takes this file"),
    Stage.CANCELLED: N_("Cancelled"),
    Stage.SUPERSEDED: N_("Replaced by a newer file"),
}

STEPS: Final[dict[str, str]] = {
    "created": N_("File announced"),
    "input_stored": N_("File arrived on the gateway"),
    "input_lost": N_("The instrument couldn't send the file"),
    "launch": N_("Put on the pipeline's queue"),
    "claim": N_("A worker took it"),
    "report": N_("The pipeline reported its results"),
    "finish": N_("The pipeline said it has finished"),
    "seal": N_("Results sealed"),
    "accept_return": N_("The instrument's side took the results on"),
    "receive": N_("Results arrived beside the instrument"),
    "fail": N_("Failed"),
    "relaunch": N_("Taken from a silent worker, back in line"),
    "overdue": N_("Waiting for longer than usual"),
    "cancel": N_("Cancelled"),
    "retry": N_("Retried"),
    "reprocess": N_("Processed again with today's task"),
    "supersede": N_("Replaced by a newer file"),
    "restored": N_("Restored from the record"),
    "edit": N_("Changed by a person"),
    "gather": N_("The set is whole, this job works for it"),
    "join": N_("The set is whole, another job works for it"),
    "give_way": N_("A newer file counts in the set"),
    "follow": N_("Ended with its set"),
    "rejoin": N_("Back in its set, which goes on"),
    "leave": N_("Its set is put together anew"),
}


def words_for_step(step: str) -> str:
    """A step in the words of the language that is spoken now; one that isn't known yet keeps its own name."""
    return _(STEPS[step]) if step in STEPS else step.replace("_", " ").capitalize()
