"""Whether a compiled network answers with what model.toml promises."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.packages.description import PROBABILITIES, Head, ModelDescription
from pipelines.segmentation.packages.fitting import IMAGE

_ROUNDING: Final = 1e-3
"""How far a probability may lie outside 0…1: half precision rounds."""


def try_out(compiled: Any, description: ModelDescription) -> None:
    """Let a network answer one made-up image, dark and bright and noisy.

    Args:
        compiled: An `openvino.CompiledModel` of a fitted network.
        description: What model.toml says.

    Raises:
        ModelPackageInvalid: The answer has NaN, or probabilities outside 0…1.
    """
    (answer,) = compiled({IMAGE: trial_image(compiled, description)}).values()
    check_answer(np.asarray(answer)[0], description.output.ordered)


def trial_image(compiled: Any, description: ModelDescription) -> NDArray[np.float32]:
    """Values from -1 to 4 (1, C, H, W), as normalised images have them, in the least size that the network takes."""
    least = description.input.multiple_of
    shape = compiled.inputs[0].partial_shape
    height, width = (shape[axis].get_length() if shape[axis].is_static else least for axis in (2, 3))
    noise = np.random.default_rng(0).normal(0.0, 0.3, (1, description.input.channels, height, width))
    slope = np.linspace(-1.0, 4.0, width)
    return np.asarray(np.clip(slope + noise, -1.0, 4.0), np.float32)


def check_answer(maps: NDArray[np.float32], heads: tuple[Head, ...]) -> None:
    """Refuse maps (heads, H, W) that are no numbers, or no probabilities where such are promised.

    Raises:
        ModelPackageInvalid: They are.
    """
    for head, values in zip(heads, maps, strict=True):
        if not np.isfinite(values).all():
            step = "Export the network in FP32, or train it again: its weights or its range are broken."
            raise ModelPackageInvalid(f"The network's map {head!r} has NaN or infinite values.", next_step=step)
        low, high = float(values.min()), float(values.max())
        if head in PROBABILITIES and (low < -_ROUNDING or high > 1.0 + _ROUNDING):
            cause = f"The network's map {head!r} goes from {low:.3g} to {high:.3g}; a probability lies between 0 and 1."
            step = 'If the network gives logits, say activation = "sigmoid" in the section [output] of model.toml.'
            raise ModelPackageInvalid(cause, next_step=step)
