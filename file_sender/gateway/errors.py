"""What can be wrong with a return."""

from labrelay.errors import Conflict, LabrelayError


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
