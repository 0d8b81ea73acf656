"""Every failure code in a person's words: what happened, why it happens, and which button helps."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from labrelay.contracts.failures import FailureGroup
from labrelay.words import N_, _


class Button(StrEnum):
    """What a group's first button does."""

    RETRY = "retry"
    REPROCESS = "reprocess"
    PARAMETERS = "parameters"
    RULE = "rule"
    TASKS = "tasks"
    MODELS = "models"
    INSTRUMENT = "instrument"
    SYSTEM = "system"
    WAIVE = "waive"


@dataclass(frozen=True)
class Cause:
    """What is said of one code.

    Attributes:
        title: what happened, as a person would say it.
        why: how it usually comes to that.
        button: what helps first.
    """

    title: str
    why: str
    button: Button


CAUSES: Final[dict[str, Cause]] = {
    # The file itself
    "image_unreadable": Cause(
        N_("The image file is damaged or cut off"),
        N_("The instrument or the network stopped in the middle of writing it, or the file is no image at all."),
        Button.WAIVE,
    ),
    "image_unreachable": Cause(
        N_("The image file could not be opened"),
        N_("It was gone, locked or not permitted at that moment."),
        Button.RETRY,
    ),
    "image_not_supported": Cause(
        N_("The image is of a kind that this pipeline doesn't take"),
        N_("It is whole, but has colours, bits or a compression that the pipeline can't read."),
        Button.TASKS,
    ),
    "image_too_large": Cause(
        N_("The image is too large"),
        N_("It has more pixels than the limit, so that one image can't take all the memory."),
        Button.WAIVE,
    ),
    "plane_not_found": Cause(
        N_("The image doesn't have the channel or plane that its task asks for"),
        N_("The task names another channel, z or time than the instrument wrote."),
        Button.PARAMETERS,
    ),
    "format_needs_extra": Cause(
        N_("The file format needs a library that isn't installed"),
        N_("It is a microscope maker's own format; its reader is an extra of the installation."),
        Button.RETRY,
    ),
    "input_problem": Cause(
        N_("The image file is missing, changed or unreadable"),
        N_("Something happened to it on the instrument."),
        Button.INSTRUMENT,
    ),
    "input_missing": Cause(
        N_("The image file went away before it was sent"),
        N_("Somebody or some program moved, renamed or deleted it on the instrument."),
        Button.RETRY,
    ),
    "input_unreadable": Cause(
        N_("The instrument's PC doesn't let the file be read"),
        N_("The account that runs labrelay there has no right to this folder."),
        Button.RETRY,
    ),
    "input_changed": Cause(
        N_("The file changed while it was sent"),
        N_("The instrument wrote it once more; its new content has a job of its own."),
        Button.WAIVE,
    ),
    "input_lost": Cause(
        N_("The gateway has lost the image's bytes"),
        N_("Somebody deleted them from its disk, or the disk was exchanged. The instrument sends them again."),
        Button.RETRY,
    ),
    "superseded": Cause(
        N_("A newer file took this one's place"),
        N_("The instrument wrote the same file again before the first was sent."),
        Button.WAIVE,
    ),
    # Tasks and sets
    "unmatched": Cause(
        N_("No task takes these files"),
        N_("Their names fit none of the tasks' rules: a new protocol, another channel, or a typing mistake."),
        Button.RULE,
    ),
    "no_task": Cause(
        N_("No task takes these files any more"),
        N_("The task that took them was changed or removed."),
        Button.RULE,
    ),
    "parameter_invalid": Cause(
        N_("The task has a parameter that makes no sense"),
        N_("It was typed wrongly, or the pipeline doesn't know it. Every image of this task fails until then."),
        Button.PARAMETERS,
    ),
    "table_needs_extra": Cause(
        N_("The task asks for a table that can't be written here"),
        N_("Parquet needs a library that isn't installed on the gateway; CSV needs none."),
        Button.PARAMETERS,
    ),
    "set_incomplete": Cause(
        N_("Not all files of a set came in time"),
        N_("The instrument left out a channel or stopped in between."),
        Button.INSTRUMENT,
    ),
    "set_late": Cause(
        N_("A file came after its set had been worked on"),
        N_("The set's time was up before it arrived."),
        Button.REPROCESS,
    ),
    "set_failed": Cause(
        N_("The set of these files failed"),
        N_("One job works for all files of a set; what it says holds for all of them."),
        Button.RETRY,
    ),
    "set_unexpected": Cause(
        N_("A file belongs to no set of its task"),
        N_("Its name doesn't say one of the values that the task waits for."),
        Button.TASKS,
    ),
    "set_superseded": Cause(
        N_("A newer file counts in the set instead"),
        N_("The instrument wrote this member of the set again."),
        Button.WAIVE,
    ),
    # Pipelines and models
    "pipeline_failed": Cause(
        N_("The pipeline failed on this image"),
        N_("It stopped with an error of its own; the message above is what it said."),
        Button.RETRY,
    ),
    "pipeline_gave_no_answer": Cause(
        N_("The pipeline took the image and never answered"),
        N_("Its process died or hung several times with it."),
        Button.RETRY,
    ),
    "processing_deadline": Cause(
        N_("The pipeline took too long"),
        N_("It went on beyond the task's deadline; a larger image or a busy machine can do that."),
        Button.RETRY,
    ),
    "inference_failed": Cause(
        N_("The network gave up on the image"),
        N_("Most often the memory was used up at that moment."),
        Button.RETRY,
    ),
    "model_package_invalid": Cause(
        N_("The model is damaged or incomplete"),
        N_("Its files aren't those that were installed. All images of this pipeline fail until it is installed again."),
        Button.MODELS,
    ),
    "model_key_missing": Cause(
        N_("The model is locked and nobody gave its key"),
        N_("It is encrypted; the service needs the key to open it."),
        Button.MODELS,
    ),
    "model_key_wrong": Cause(
        N_("The model's key doesn't fit"),
        N_("The key that was given belongs to another model."),
        Button.MODELS,
    ),
    "outcome_invalid": Cause(
        N_("The pipeline's answer makes no sense"),
        N_("It reported results in a form that can't be kept: a mistake in the pipeline."),
        Button.RETRY,
    ),
    "output_missing": Cause(
        N_("The pipeline reported a result file that isn't there"),
        N_("It named a file that it didn't write, or deleted it again."),
        Button.RETRY,
    ),
    "output_unreadable": Cause(
        N_("A result file can't be read"),
        N_("The pipeline wrote it without the right for others to read it."),
        Button.RETRY,
    ),
    "output_outside_folder": Cause(
        N_("The pipeline wrote outside its folder"),
        N_("Only files in the folder that it was given are taken, so that nothing else can be overwritten."),
        Button.RETRY,
    ),
    "output_digest_mismatch": Cause(
        N_("A result file changed after the pipeline reported it"),
        N_("The pipeline went on writing, or the disk is at fault."),
        Button.RETRY,
    ),
    # The way back, and what people did
    "output_gone": Cause(
        N_("The results have gone from the gateway"),
        N_("Somebody deleted them from its disk before they reached the instrument."),
        Button.REPROCESS,
    ),
    "digest_mismatch": Cause(
        N_("The results that arrived aren't those that were sent"),
        N_("A disk or the network changed bytes on the way."),
        Button.RETRY,
    ),
    "cancelled": Cause(
        N_("Somebody cancelled these jobs"),
        N_("They end where they were; nothing is lost."),
        Button.RETRY,
    ),
    "overdue": Cause(
        N_("Waiting for longer than usual"),
        N_("The pipeline or the instrument is absent, or the queue is long. Nothing is lost; all goes on by itself."),
        Button.SYSTEM,
    ),
}
"""By the code. What isn't here is said by `of_code` with the failure's own words."""

OTHER: Final = {
    "retry": Cause(N_("Something went wrong"), N_("The message above is all that is known."), Button.RETRY),
    "reprocess": Cause(
        N_("Something has to change first"), N_("The same thing would happen again as it was."), Button.REPROCESS
    ),
    "edit_task": Cause(
        N_("The task doesn't fit"), N_("Its rule or its parameters ask for something else."), Button.TASKS
    ),
    "instrument": Cause(
        N_("Something is wrong at the instrument"), N_("The gateway can't mend it."), Button.INSTRUMENT
    ),
    "wait": Cause(N_("Waiting"), N_("Nothing is lost, and all goes on by itself."), Button.SYSTEM),
    "waive": Cause(N_("Nothing can be done"), N_("What is gone can't come back."), Button.WAIVE),
}
"""By what helps: a pipeline may report codes of its own."""


def cause_of(group: FailureGroup) -> Cause:
    """What is said of a group, in English: `_` says it in the reader's language."""
    return CAUSES.get(group.code) or of_code(group)


def of_code(group: FailureGroup) -> Cause:
    """What is said of a code that only its own pipeline knows: the code in words as the title."""
    other = OTHER[group.fix]
    return Cause(group.title or other.title, other.why, other.button)


def next_step_of(group: FailureGroup) -> str:
    """What to do, in the reader's language."""
    return _(group.next_step)
