"""The few states that a person sees, and plain words for each of the finer stages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from labrelay.contracts.states import Stage


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
    State.FAILED: Look("Needs you", "!", (Stage.FAILED,)),
    State.WAITING: Look("Waiting", "W", (Stage.AWAITING_INPUT, Stage.GATHERING, Stage.READY, Stage.LAUNCHED)),
    State.WORKING: Look("In work", "R", (Stage.JOINED, Stage.PROCESSING, Stage.REPORTED, Stage.SEALING)),
    State.RETURNING: Look("Going back", "B", (Stage.RETURNING, Stage.RECEIVING)),
    State.DONE: Look("Done", "D", (Stage.COMPLETE,)),
    State.UNMATCHED: Look("No task", "N", (Stage.UNMATCHED,)),
    State.WITHDRAWN: Look("Withdrawn", "X", (Stage.CANCELLED, Stage.SUPERSEDED)),
}

STATE_OF: Final[dict[Stage, State]] = {stage: state for state, look in LOOKS.items() for stage in look.stages}

WORDS: Final[dict[Stage, str]] = {
    Stage.AWAITING_INPUT: "Waits for the file's bytes",
    Stage.GATHERING: "Waits for the other files of its set",
    Stage.JOINED: "Being analysed with its set",
    Stage.READY: "Waits in line",
    Stage.LAUNCHED: "Waits for a free pipeline",
    Stage.PROCESSING: "Being analysed",
    Stage.REPORTED: "Results are in",
    Stage.SEALING: "Results being sealed",
    Stage.RETURNING: "Waits for the instrument",
    Stage.RECEIVING: "Going back to the instrument",
    Stage.COMPLETE: "Done",
    Stage.FAILED: "Failed",
    Stage.UNMATCHED: "No task takes this file",
    Stage.CANCELLED: "Cancelled",
    Stage.SUPERSEDED: "Replaced by a newer file",
}

STEPS: Final[dict[str, str]] = {
    "created": "File announced",
    "input_stored": "File arrived on the gateway",
    "input_lost": "The instrument couldn't send the file",
    "launch": "Put on the pipeline's queue",
    "claim": "A worker took it",
    "report": "The pipeline reported its results",
    "finish": "The pipeline said it has finished",
    "seal": "Results sealed",
    "accept_return": "The instrument's side took the results on",
    "receive": "Results arrived beside the instrument",
    "fail": "Failed",
    "relaunch": "Taken from a silent worker, back in line",
    "overdue": "Waiting for longer than usual",
    "cancel": "Cancelled",
    "retry": "Retried",
    "reprocess": "Processed again with today's task",
    "supersede": "Replaced by a newer file",
    "restored": "Restored from the record",
    "edit": "Changed by a person",
    "gather": "The set is whole, this job works for it",
    "join": "The set is whole, another job works for it",
    "give_way": "A newer file counts in the set",
    "follow": "Ended with its set",
    "rejoin": "Back in its set, which goes on",
    "leave": "Its set is put together anew",
}


def words_for_step(step: str) -> str:
    """A step in plain words; one that this page doesn't know yet keeps its own name."""
    return STEPS.get(step, step.replace("_", " ").capitalize())
