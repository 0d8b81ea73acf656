"""What can be wrong on the way to a model package."""

from labrelay.errors import InputProblem


class TrainingDataInvalid(InputProblem):
    """The folder does not hold labelled images in the expected layout."""

    code = "training_data_invalid"
    default_next_step = "Put images/<stem>.png and labels/<stem>.png (0 background, 1, 2, … objects) into the folder."
    retryable = False


class ModelUnknown(InputProblem):
    """There is no model package of that name."""

    code = "model_unknown"
    default_next_step = "Name a pipeline that ships, or the folder of a model package."
    retryable = False


class QuantisationRefused(InputProblem):
    """Every way of quantising the model cost more accuracy than allowed; nothing was written."""

    code = "quantisation_refused"
    default_next_step = "Keep the model as it is, allow a larger loss, or calibrate on images more like those to come."
    retryable = False


class RunDiffers(InputProblem):
    """A training run holds another network than the one asked for."""

    code = "run_differs"
    default_next_step = "Name the widths of that run, or an empty folder for a new run."
    retryable = False
