"""What can be wrong with a return."""

from labrelay.errors import Conflict, LabrelayError, NotFound


class OutputGone(NotFound):
    """The sealed file is no longer in the gateway's store."""

    code = "output_gone"
    default_next_step = "Retry the job: its pipeline runs again."


class OutputsNotSealed(Conflict):
    """The job is still on its way: what its pipeline wrote isn't sealed yet. The member `stage` says where it is."""

    code = "outputs_not_sealed"
    default_next_step = "Wait until the job is final (`GET /api/v2/jobs/{id}?wait=60`), then ask again."
    retryable = True


class NotOffered(LabrelayError):
    """A call of AiCSD that labrelay answers otherwise."""

    code = "not_offered"
    status = 501
    default_next_step = "See docs/integrator.md for what takes its place."
