"""What can be wrong with an image file, or with the choice of a plane in it."""

from labrelay.errors import InputProblem


class ImageUnreachable(InputProblem):
    """The file can't be opened now: gone, locked or not permitted."""

    code = "image_unreachable"
    default_next_step = "Check that the file exists and that this service may read it, then retry the job."
    retryable = True


class ImageUnreadable(InputProblem):
    """The bytes are no whole image: empty, cut off, damaged, or something else."""

    code = "image_unreadable"
    default_next_step = "Open the file on the instrument's PC; if it is damaged there too, export or acquire it again."
    retryable = False


class ImageNotSupported(InputProblem):
    """A whole image, but of a kind that this pipeline doesn't take."""

    code = "image_not_supported"
    default_next_step = "Export the image as a grey 8- or 16-bit TIFF or PNG, or choose another channel."
    retryable = False


class ImageTooLarge(ImageNotSupported):
    """The header claims more pixels than the limit; nothing was allocated."""

    code = "image_too_large"
    default_next_step = "Split the image into fields, or raise the pixel limit if the machine has the memory."
    status = 413


class PlaneNotFound(ImageNotSupported):
    """The file has no such channel, z or time; the cause says what it has."""

    code = "plane_not_found"
    default_next_step = (
        "Choose a channel, z and time that the file has in the task's parameters, then reprocess the job."
    )


class FormatNeedsExtra(ImageNotSupported):
    """A microscope maker's own format, and the libraries that read it are not installed."""

    code = "format_needs_extra"
    default_next_step = (
        "Install the extra on the gateway (pip install 'labrelay[formats]') and retry the job, or export as OME-TIFF."
    )
