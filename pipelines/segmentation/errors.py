"""What can go wrong between an image file and its objects."""

from labrelay.errors import InputProblem, PipelineProblem


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


class ModelPackageInvalid(PipelineProblem):
    """The model's folder is incomplete, changed or contradicts itself."""

    code = "model_package_invalid"
    default_next_step = "Install the model package again; its files must match the digests in model.toml."
    retryable = False


class InferenceFailed(PipelineProblem):
    """OpenVINO gave up on an image, most often for lack of memory."""

    code = "inference_failed"
    default_next_step = "Retry the job; if it fails again, give the service more memory or use smaller images."
    retryable = True


class ParameterInvalid(PipelineProblem):
    """A task's parameter is unknown or has a value that makes no sense."""

    code = "parameter_invalid"
    default_next_step = "Correct the parameter in the task, then reprocess the job."
    retryable = False
