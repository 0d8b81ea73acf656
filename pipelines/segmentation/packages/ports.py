"""A network's inputs and outputs, and their names."""

from collections.abc import Sequence
from typing import Any

import openvino as ov

from pipelines.segmentation.errors import ModelPackageInvalid


def chosen_port(ports: Sequence[Any], name: str | None, kind: str) -> Any:
    """The port of that name, or the only one.

    Args:
        ports: A network's inputs, or its outputs.
        name: The one that model.toml names, if it does.
        kind: `input` or `output`, for messages.

    Raises:
        ModelPackageInvalid: There is none of that name, or several and no name.
    """
    known = names(ports)
    step = f"Give one of them as `port` in the section [{kind}] of model.toml."
    if name is None:
        if len(ports) == 1:
            return ports[0]
        cause = f"The network has {len(ports)} {kind}s ({known}), and model.toml doesn't say which is meant."
        raise ModelPackageInvalid(cause, next_step=step)
    for port in ports:
        if name in port.names:
            return port
    raise ModelPackageInvalid(f"The network has no {kind} called {name}; there is {known}.", next_step=step)


def names(ports: Sequence[Any]) -> str:
    """The names of ports, for messages."""
    return ", ".join(sorted({each for port in ports for each in port.names})) or "none with a name"


def renamed(model: ov.Model, image: str, prediction: str) -> ov.Model:
    """The network with its one input and its one output under these names."""
    model.inputs[0].get_tensor().set_names({image})
    model.outputs[0].get_tensor().set_names({prediction})
    return model
