"""What can go wrong between an image and its objects; the image file's own errors are in `pipelines.images.errors`."""

from labrelay.errors import PipelineProblem


class ModelPackageInvalid(PipelineProblem):
    """The model's folder is incomplete, changed or contradicts itself."""

    code = "model_package_invalid"
    default_next_step = "Install the model package again; its files must match the digests in model.toml."
    retryable = False
    status = 503


class ModelKeyMissing(PipelineProblem):
    """The model is encrypted, and nobody has given its key."""

    code = "model_key_missing"
    default_next_step = "Set LABRELAY_MODEL_KEY_FILE to the file that holds its key, or LABRELAY_MODEL_KEY to the key."
    retryable = False
    status = 503


class ModelKeyWrong(PipelineProblem):
    """The key that was given is no key, or not the one that the model was encrypted with."""

    code = "model_key_wrong"
    default_next_step = "Ask whoever encrypted the model for the key with the id that `labrelay model show` names."
    retryable = False
    status = 503


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
    status = 422


class TableNeedsExtra(PipelineProblem):
    """A task asks for a table as Parquet, and the library that writes it is not installed."""

    code = "table_needs_extra"
    default_next_step = (
        "Install the extra on the gateway (pip install 'labrelay[parquet]') and retry the job, or set the task's table "
        "to csv and reprocess it."
    )
    retryable = False
