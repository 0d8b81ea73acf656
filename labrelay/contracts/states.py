"""The words for where a job is: AiCSD's owners and statuses verbatim, and labrelay's own finer stages."""

from enum import StrEnum
from typing import Final


class Owner(StrEnum):
    """The one service that must act on a job now (AiCSD's names)."""

    NONE = "none"
    FILE_WATCHER = "file-watcher"
    DATA_ORGANIZER = "data-organizer"
    FILE_SENDER_OEM = "file-sender-oem"
    FILE_RECEIVER_GATEWAY = "file-receiver-gateway"
    TASK_LAUNCHER = "task-launcher"
    FILE_SENDER_GATEWAY = "file-sender-gateway"
    FILE_RECEIVER_OEM = "file-receiver-oem"


class Status(StrEnum):
    """A job's status as AiCSD's clients know it."""

    INCOMPLETE = "Incomplete"
    COMPLETE = "Complete"
    NO_PIPELINE_FOUND = "NoPipelineFound"
    PIPELINE_ERROR = "PipelineError"
    TRANSMISSION_FAILED = "TransmissionFailed"
    FILE_ERRORED = "FileErrored"


class PipelineStatus(StrEnum):
    """What the pipeline said of a job (AiCSD's PipelineDetails.Status)."""

    NOT_STARTED = ""
    PROCESSING = "PipelineProcessing"
    COMPLETE = "PipelineComplete"
    FAILED = "PipelineFailed"
    FILE_NOT_FOUND = "FileNotFound"


class Stage(StrEnum):
    """Where a job stands; the transition table in `job_repository.jobs.transitions` lists every way between them."""

    AWAITING_INPUT = "awaiting_input"
    GATHERING = "gathering"
    JOINED = "joined"
    READY = "ready"
    LAUNCHED = "launched"
    PROCESSING = "processing"
    REPORTED = "reported"
    SEALING = "sealing"
    RETURNING = "returning"
    RECEIVING = "receiving"
    COMPLETE = "complete"
    FAILED = "failed"
    UNMATCHED = "unmatched"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


OWNER_OF: Final[dict[Stage, Owner]] = {
    Stage.AWAITING_INPUT: Owner.FILE_SENDER_OEM,
    Stage.GATHERING: Owner.TASK_LAUNCHER,
    Stage.JOINED: Owner.TASK_LAUNCHER,
    Stage.READY: Owner.TASK_LAUNCHER,
    Stage.LAUNCHED: Owner.TASK_LAUNCHER,
    Stage.PROCESSING: Owner.TASK_LAUNCHER,
    Stage.REPORTED: Owner.TASK_LAUNCHER,
    Stage.SEALING: Owner.TASK_LAUNCHER,
    Stage.RETURNING: Owner.FILE_SENDER_GATEWAY,
    Stage.RECEIVING: Owner.FILE_RECEIVER_OEM,
    Stage.COMPLETE: Owner.NONE,
    Stage.FAILED: Owner.NONE,
    Stage.UNMATCHED: Owner.NONE,
    Stage.CANCELLED: Owner.NONE,
    Stage.SUPERSEDED: Owner.NONE,
}

FINAL: Final[frozenset[Stage]] = frozenset(stage for stage, owner in OWNER_OF.items() if owner is Owner.NONE)
