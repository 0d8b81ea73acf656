"""Why an image can't be shown."""

from labrelay.errors import InputProblem, LabrelayError, NotFound, RequestRefused


class ViewerNeedsExtra(LabrelayError):
    """The libraries that read images aren't installed on this gateway."""

    code = "viewer_needs_extra"
    default_next_step = "Install them on the gateway: pip install 'labrelay[pipelines]'."
    status = 501


class ImageNotHere(NotFound):
    """The gateway's copy of the image is gone, or hasn't come yet."""

    code = "image_not_here"
    default_next_step = "Open the file on the instrument's own computer; results stay here."


class NoMask(NotFound):
    """The job has no label plane."""

    code = "no_mask"
    default_next_step = "Look at the job's outputs; a counting pipeline writes one."


class NoObjects(NotFound):
    """The job has no table of objects that can be read."""

    code = "no_objects"
    default_next_step = "Look at the job's outputs; a counting pipeline writes one unless its task says otherwise."


class PlaneTooLarge(RequestRefused):
    """So many samples don't go into one answer; the member `level` says from which halving on they do."""

    code = "plane_too_large"
    default_next_step = "Ask for a higher level, or for a region."
    status = 413


class DecodingFailed(InputProblem):
    """Reading the image took too long, or ended the process that read it."""

    code = "decoding_failed"
    default_next_step = "Open the file with another program; if that works, send us the file and the cause."
