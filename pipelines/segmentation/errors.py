"""What can go wrong between an image and its objects; the image file's own errors are in `pipelines.images.errors`."""

from labrelay.errors import PipelineProblem


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
