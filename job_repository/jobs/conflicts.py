"""Why the repository refuses: each refusal has its own code."""

from labrelay.errors import Conflict, ServiceUnavailable


class StaleAttempt(Conflict):
    """The step belongs to another epoch or attempt."""

    code = "stale_attempt"
    default_next_step = "Drop the work: another attempt holds the job now."


class NotInStage(Conflict):
    """The job isn't in a stage that this step starts from."""

    code = "not_in_stage"


class OtherContent(Conflict):
    """The step was carried out already for this attempt, with other content."""

    code = "other_content"
    default_next_step = "Keep the first answer: what was reported for an attempt can't be changed."


class DigestMismatch(Conflict):
    """A digest isn't the one that was announced or sealed."""

    code = "digest_mismatch"
    default_next_step = "Transfer the file again; if it fails again, look at disk and network."


class InputGone(Conflict):
    """The input's bytes can't come any more."""

    code = "input_gone"
    default_next_step = "Look at the file's newer capture."


class NoTask(Conflict):
    """No task takes this capture."""

    code = "no_task"
    default_next_step = "Create a task that takes the file, then reprocess the job."


class GoesWithItsSet(Conflict):
    """The job is a member of a set that another job works for: it goes on with that one."""

    code = "goes_with_its_set"
    default_next_step = "Retry the job that leads the set."


class ChoiceChanged(Conflict):
    """A filter takes other jobs now than when it was shown."""

    code = "choice_changed"
    default_next_step = "Look at the list again, then decide."


class PredecessorMismatch(Conflict):
    """The path's last capture isn't the one that the journal knows."""

    code = "predecessor_mismatch"
    default_next_step = "Resynchronise the journal with last_capture_id and announce again."


class JobMoved(Conflict):
    """The job changed between reading and writing; the repository reads and applies again."""

    code = "job_moved"
    retryable = True


class LiveStoreLost(ServiceUnavailable):
    """Redis isn't the store that the record belongs to: it lost everything or fell back."""

    code = "live_store_lost"
    default_next_step = "Wait: the repository restores the live jobs from the record by itself."


class LiveStoreDamaged(LiveStoreLost):
    """What Redis holds of a job or an event isn't what was written: its file was damaged.

    Attributes:
        job_id: of the job, empty for an event.
    """

    code = "live_store_damaged"

    def __init__(self, cause: str, job_id: str = "") -> None:
        super().__init__(cause)
        self.job_id = job_id
