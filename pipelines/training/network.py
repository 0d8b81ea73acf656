"""A U-Net (Ronneberger et al. 2015) sized for CPUs: its first level works at half the resolution.

`pixel_unshuffle` puts each 2 × 2 pixels into four channels, so nothing is thrown away, and `pixel_shuffle` lays the
answer out at full resolution again. So the plain network's most expensive level, whose few channels keep no CPU busy,
is gone.
Batch normalisation is folded into the convolutions by OpenVINO.
"""

import torch
from torch import nn
from torch.nn.functional import max_pool2d, pixel_shuffle, pixel_unshuffle

from pipelines.training.targets import HEADS, OFFSET_UNIT_PX, PROBABILITIES

STEM = 2
WIDTHS = (32, 64, 128, 192, 256)


class UNet(nn.Module):
    """Encoder and decoder with skip connections; (N, 1, H, W) in, (N, 5, H, W) out.

    Of the five maps in the order of `targets.HEADS` the first three are logits, the others offsets in units of
    `targets.OFFSET_UNIT_PX`. H and W must be multiples of 2 to the number of levels (32 for five).

    Args:
        widths: channels of each level, the first at half the image's resolution. The default makes 3.8 million weights.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        rises = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.down = nn.ModuleList(_pair(i, o) for i, o in zip([STEM**2, *widths[:-1]], widths, strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, stride=2) for low, high in rises)
        self.merge = nn.ModuleList(_pair(2 * high, high) for _, high in rises)
        self.head = nn.Conv2d(widths[0], len(HEADS) * STEM**2, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict the maps of `targets.HEADS`."""
        skips = [self.down[0](pixel_unshuffle(image, STEM))]
        for stage in self.down[1:]:
            skips.append(stage(max_pool2d(skips[-1], 2)))
        features = skips.pop()
        for up, merge in zip(self.up, self.merge, strict=True):
            features = merge(torch.cat([skips.pop(), up(features)], dim=1))
        return pixel_shuffle(self.head(features), STEM)


class Maps(nn.Module):
    """The U-Net as exported: probabilities 0..1, offsets in pixels."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict the maps of `targets.HEADS`."""
        raw = self.network(image)
        return torch.cat([torch.sigmoid(raw[:, :PROBABILITIES]), raw[:, PROBABILITIES:] * OFFSET_UNIT_PX], dim=1)


def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move a running average of weights and batch statistics towards the network (Polyak averaging)."""
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1.0 - decay)
            else:
                kept.copy_(new)


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_step(inputs, outputs), _step(outputs, outputs))


def _step(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
