"""The training's network in PyTorch, as fast as PyTorch runs it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.segmentation.normalise import GreyRange
from pipelines.training.network import Maps, UNet


class TorchNetwork:
    """Looks at a whole image at once, as PyTorch is no slower for it."""

    def __init__(self, module: Any, multiple_of: int) -> None:
        self._module, self._multiple = module, multiple_of

    def predict(self, pixels: NDArray[Any], greys: Sequence[GreyRange] = ()) -> NDArray[np.float32]:
        """Predict maps (heads, H, W) of an image (H, W) or (1, H, W)."""
        height, width = pixels.shape[-2], pixels.shape[-1]
        plane = pixels.reshape(height, width)
        scaled = greys[0].scaled(plane) if greys else plane.astype(np.float32)
        padded = np.pad(scaled, ((0, -height % self._multiple), (0, -width % self._multiple)), mode="symmetric")
        with torch.inference_mode():
            maps = self._module(torch.from_numpy(padded)[None, None])
        return np.ascontiguousarray(maps[0, :, :height, :width].numpy(), np.float32)


def modules(checkpoint: Path | None, compiled: bool) -> Iterator[tuple[str, Any]]:
    """Every way to run the network; with random weights where there is no checkpoint of a training run."""
    yield "eager", _network(checkpoint)
    last = _network(checkpoint).to(memory_format=torch.channels_last)
    yield "channels_last", last
    if compiled:
        yield "compile", torch.compile(last, dynamic=False)


def _network(checkpoint: Path | None) -> Any:
    if checkpoint is None:
        return Maps(UNet()).eval()
    state = torch.load(checkpoint, weights_only=True)
    network = UNet(tuple(state["widths"])) if "widths" in state else UNet()
    network.load_state_dict(state["average"])
    return Maps(network).eval()
