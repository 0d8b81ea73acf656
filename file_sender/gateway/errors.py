"""What can be wrong with a return."""

from labrelay.errors import LabrelayError, NotFound


class OutputGone(NotFound):
    """The sealed file is no longer in the gateway's store."""

    code = "output_gone"
    default_next_step = "Retry the job: its pipeline runs again."


class NotOffered(LabrelayError):
    """A call of AiCSD that labrelay answers otherwise."""

    code = "not_offered"
    status = 501
    default_next_step = "See docs/integrator.md for what takes its place."
