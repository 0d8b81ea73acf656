"""Makes a network as it was exported one that the code can run: one image in, the maps in their order out.

What doesn't fit is refused with the reason; nothing is guessed.
"""

from typing import Any, Final

import numpy as np
import openvino as ov

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.packages.description import PROBABILITIES, ModelDescription, ModelInput, ModelOutput
from pipelines.segmentation.packages.ports import chosen_port, names, renamed

IMAGE: Final = "image"
PREDICTION: Final = "prediction"
_ANY_SIZE = "Export the network with dynamic height and width (torch.onnx.export: dynamic_axes, or dynamic_shapes)."


def fitted(model: ov.Model, description: ModelDescription) -> ov.Model:
    """The network with one input `image` (N, C, H, W) and one output `prediction` (N, heads, H, W), both float32.

    Heads come in the order of `HEADS`, probabilities as such; height and width are open.

    Raises:
        ModelPackageInvalid: Ports, channels, heads or sizes aren't those of model.toml.
    """
    _check_input(model, description.input)
    output = chosen_port(model.outputs, description.output.port, "output")
    if not _is_plain(model, description.output):
        model = _with_plain_output(model, output, description.output)
    model = _in_float32(model)
    _check_sizes(model, description)
    return renamed(model, IMAGE, PREDICTION)


def _check_input(model: ov.Model, told: ModelInput) -> None:
    port = chosen_port(model.inputs, told.port, "input")
    if len(model.inputs) > 1:
        cause = f"The network has {len(model.inputs)} inputs ({names(model.inputs)}); an image is all it can get."
        raise ModelPackageInvalid(cause, next_step="Export the network so that the image is all it needs.")
    shape = port.partial_shape
    if shape.rank.is_dynamic or len(shape) != 4:
        cause = (
            f"The network's input has the shape {shape}; needed are four dimensions (batch, channels, height, width)."
        )
        raise ModelPackageInvalid(cause, next_step="Export the network with an input of (1, channels, height, width).")
    if shape[1].is_static and shape[1].get_length() != told.channels:
        cause = f"The network reads {shape[1].get_length()} channels, model.toml says {told.channels}."
        raise ModelPackageInvalid(cause, next_step="Correct [input] channels, or export with channels first (NCHW).")
    _open_size(model, shape, told.channels)


def _open_size(model: ov.Model, shape: ov.PartialShape, channels: int) -> None:
    """Let a network of one size take any, if it can."""
    if shape[2].is_dynamic and shape[3].is_dynamic and (shape[0].is_dynamic or shape[0].get_length() == 1):
        return
    try:
        model.reshape([1, channels, -1, -1])
    except RuntimeError as error:
        cause = f"The network takes images of {_edges(shape)} pixels only (its input is {shape})."
        raise ModelPackageInvalid(cause, next_step=_ANY_SIZE) from error


def _is_plain(model: ov.Model, told: ModelOutput) -> bool:
    return len(model.outputs) == 1 and told.heads == told.ordered and told.activation == "none"


def _with_plain_output(model: ov.Model, output: Any, told: ModelOutput) -> ov.Model:
    """The same network with one output: heads in order, logits made probabilities."""
    ops, maps, shape = ov.opset13, output.get_node().input_value(0), output.partial_shape
    if shape.rank.is_dynamic or len(shape) != 4 or (shape[1].is_static and shape[1] != len(told.heads)):
        raise _wrong_maps(shape, told)
    if told.heads != told.ordered:
        places = np.array([told.heads.index(head) for head in told.ordered], np.int32)
        maps = ops.gather(maps, places, np.int32(1)).output(0)
    if told.activation == "sigmoid":
        maps = _activated(maps, sum(head in PROBABILITIES for head in told.heads), len(told.heads))
    return ov.Model([ops.result(maps)], model.get_parameters(), model.get_friendly_name())


def _activated(maps: Any, probabilities: int, heads: int) -> Any:
    """Logits of the first so many heads become probabilities; offsets, which come after them, stay."""
    ops = ov.opset13
    if probabilities == heads:
        return ops.sigmoid(maps).output(0)
    parts = ops.variadic_split(maps, np.int32(1), np.array([probabilities, heads - probabilities], np.int32))
    return ops.concat([ops.sigmoid(parts.output(0)), parts.output(1)], axis=1).output(0)


def _in_float32(model: ov.Model) -> ov.Model:
    ports = [*model.inputs, *model.outputs]
    if all(port.element_type == ov.Type.f32 for port in ports):
        return model
    steps = ov.preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.f32)
    steps.input().preprocess().convert_element_type(model.inputs[0].element_type)
    steps.output().tensor().set_element_type(ov.Type.f32)
    return steps.build()


def _check_sizes(model: ov.Model, description: ModelDescription) -> None:
    """Work out what comes of an oblong image of the least size, on a copy that then has this size."""
    height = description.input.multiple_of
    width = 2 * height
    tried = model.clone()
    try:
        tried.reshape([1, description.input.channels, height, width])
        shape = tried.outputs[0].partial_shape
    except RuntimeError as error:
        cause = f"The network doesn't take an image of {height} × {width} pixels, though multiple_of is {height}."
        step = f"Correct [input] multiple_of (2 to the number of halvings). {_ANY_SIZE}"
        raise ModelPackageInvalid(cause, next_step=step) from error
    if len(shape) != 4 or shape[1] != len(description.output.heads):
        raise _wrong_maps(shape, description.output)
    if shape[2] != height or shape[3] != width:
        cause = f"The network answers an image of {height} × {width} pixels with maps of {_edges(shape)}."
        step = "Export a network whose maps have the image's size (pad its convolutions, scale up at its end)."
        raise ModelPackageInvalid(cause, next_step=step)


def _wrong_maps(shape: ov.PartialShape, told: ModelOutput) -> ModelPackageInvalid:
    cause = f"The network's output is {shape}; model.toml names {len(told.heads)} heads ({', '.join(told.heads)})."
    step = "Correct [output] heads: one for each channel of the output (batch, channels, height, width)."
    return ModelPackageInvalid(cause, next_step=step)


def _edges(shape: ov.PartialShape) -> str:
    return f"{shape[2]} × {shape[3]}"
