"""A plain U-Net (Ronneberger et al. 2015) with batch normalisation, which OpenVINO folds into the convolutions."""

import torch
from torch import nn

HEADS = 2


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Encoder and decoder with skip connections; (N, 1, H, W) in, (N, 2, H, W) logits out.

    H and W must be multiples of 2**depth. 16 channels at depth 4 make 1.9 million weights.
    """

    def __init__(self, channels: int = 16, depth: int = 4) -> None:
        super().__init__()
        widths = [channels * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(_pair(i, o) for i, o in zip([1, *widths[:-1]], widths, strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(w, w // 2, 2, stride=2) for w in widths[:0:-1])
        self.merge = nn.ModuleList(_pair(w, w // 2) for w in widths[:0:-1])
        self.head = nn.Conv2d(channels, HEADS, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict the logits of foreground and seed map."""
        skips = [self.down[0](image)]
        for stage in self.down[1:]:
            skips.append(stage(nn.functional.max_pool2d(skips[-1], 2)))
        features = skips.pop()
        for up, merge in zip(self.up, self.merge, strict=True):
            features = merge(torch.cat([skips.pop(), up(features)], dim=1))
        return self.head(features)


class Probabilities(nn.Module):
    """The U-Net with its sigmoid, as exported: values 0..1."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict foreground probability and seed map."""
        return torch.sigmoid(self.network(image))


def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move a running average of weights and batch statistics towards the network (Polyak averaging)."""
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1.0 - decay)
            else:
                kept.copy_(new)
